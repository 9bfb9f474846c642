/**
 * Which changes concern which subjects: what the rules read, turned around. A change that is missing here is found by
 * the safety pass only, and by the tests that compare the two. Source: state.md, the loop.
 */
import type { ImageKind } from "../../protocol/index.ts";

/** Ways from what changed to the subjects that must be looked at again. */
export type Via =
  | "itself"
  /** Capacity may be free, or wanted. */
  | "town"
  | "review of the bead"
  | "bead of the review"
  | "unsettled runs of the bead"
  | "unsettled runs of the review"
  | "bead of the run"
  | "review of the run"
  | "runner of the run"
  | "rig of the run"
  | "turns"
  | "run of the turn"
  | "live runs of the runner"
  | "open beads whose work the runner has"
  | "open beads whose work its runner has"
  | "convoy of the bead"
  | "open beads of the convoy"
  | "molecule of the bead"
  | "agent that the bead wishes for"
  | "agent of the mail"
  | "open steps of the molecule"
  | "beads that wait for the bead"
  | "escalations about it"
  | "open questions of the bead"
  | "mail of the run"
  | "requests about it"
  | "run of the request"
  | "escalations that wait for triage"
  | "bead of the question"
  /** Found in slices: there may be many. */
  | "open beads of the rig";

/** Lines of history are shown; no rule reads them. */
export const CONCERNS: Readonly<Record<ImageKind, readonly Via[]>> = {
  issue: [
    "itself",
    "review of the bead",
    "unsettled runs of the bead",
    "convoy of the bead",
    "molecule of the bead",
    "agent that the bead wishes for",
    "beads that wait for the bead",
    "escalations about it",
    "open questions of the bead",
    "town",
  ],
  review: [
    "itself",
    "bead of the review",
    "unsettled runs of the review",
    "escalations about it",
    "town",
  ],
  run: [
    "itself",
    "mail of the run",
    "bead of the run",
    "review of the run",
    "runner of the run",
    "open beads whose work its runner has",
    "rig of the run",
    "turns",
    "town",
  ],
  molecule: ["itself", "open steps of the molecule", "escalations about it", "town"],
  convoy: ["itself", "open beads of the convoy", "escalations about it", "town"],
  rig: ["itself", "open beads of the rig", "escalations about it", "town"],
  runner: [
    "itself",
    "live runs of the runner",
    "open beads whose work the runner has",
    "escalations about it",
    "town",
  ],
  chat: ["turns", "run of the turn", "town"],
  town: ["town", "turns"],
  agent: ["itself"],
  escalation: ["itself", "requests about it"],
  triage: ["itself", "town", "run of the request", "escalations that wait for triage"],
  question: ["itself", "bead of the question"],
  mail: ["itself", "agent of the mail"],
  event: [],
};

/** The subject that stands for capacity, its gates and the town's own timers. */
export const TOWN = "town";
