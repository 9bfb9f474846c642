/** The order in which capacity is given away: what is nearest to landing first. */
import type { Role, RunKind, RunnerRight } from "../../protocol/index.ts";

export const STAGE = { merge: 1, review: 2, check: 3, work: 4 } as const;
export type Stage = keyof typeof STAGE;

/** What a run takes of a runner: an agent's memory, processor time, or the Mayor's place. */
export type SlotClass = "agent" | "code" | "session";

/** What a run asks of its runner: a slot, a right, and the program of its role where it has an agent. */
export interface Need {
  slot: SlotClass;
  role: Role | null;
  right: RunnerRight | null;
  /** It writes the files of its rig's repository into a tree. */
  tree: boolean;
}

/** What takes an agent's place without being one: it asks no model and no program. */
export const HANDED_NEED: Need = { slot: "agent", role: null, right: null, tree: false };

/** Of a merge that lands nothing: it only makes sure that a lost one does not either. */
export const WITHDRAWING_NEED: Need = { slot: "code", role: null, right: "merge", tree: false };

export const NEED = {
  merge: { slot: "code", role: null, right: "merge", tree: true },
  check: { slot: "code", role: null, right: null, tree: true },
  baseline: { slot: "code", role: null, right: null, tree: true },
  review: { slot: "agent", role: "refinery", right: null, tree: true },
  work: { slot: "agent", role: "polecat", right: null, tree: true },
  triage: { slot: "agent", role: "triage", right: null, tree: false },
  session: { slot: "session", role: "mayor", right: null, tree: false },
} as const satisfies Record<RunKind, Need>;

/** Place among those of one stage: priority, then age. */
export const PRIORITY_RANK = { critical: 0, high: 1, medium: 2, low: 3 } as const;

/** What waits for nothing but capacity: a row of the ready index. */
export interface Ready {
  subjectId: string;
  stage: Stage;
  rigId: string;
  /** What its run would hold. */
  resource: string;
  rank: number;
  /** Id of its bead: ids sort by time. */
  age: string;
}
