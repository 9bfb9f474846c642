/** Offers as a town makes them, complete, with what a test wants changed. */
import type {
  BeadSpec,
  RigSpec,
  RunLimits,
  RunSpecOf,
  TriageSpec,
} from "../../../protocol/run-spec.ts";
import { NO_ENVIRONMENT } from "../../../protocol/entities/rig-environment.ts";
import { newId } from "./small-town.ts";

export const LIMITS: RunLimits = {
  wallMs: 120_000,
  turnsMax: 20,
  firstTokenMs: 30_000,
  silenceMs: 30_000,
  repromptsMax: 1,
  cutOffMs: 60_000,
  warmMs: 500,
  warmWorkMs: 0,
};

const MODEL = { model: "scripted", smallModel: "scripted", scripted: true };
const AUTHOR = { name: "Ada Person", email: "ada@example.test" };

export function rigSpec(remote: string, more: Partial<RigSpec> = {}): RigSpec {
  return {
    id: newId("rig"),
    name: "sample",
    remote,
    target: "main",
    delivery: "merge",
    gates: [],
    setup: null,
    isolationConfirmed: true,
    convoyBranch: null,
    egress: "none",
    lfs: "pointers",
    savedKept: null,
    environment: NO_ENVIRONMENT,
    ...more,
  };
}

export function beadSpec(more: Partial<BeadSpec> = {}): BeadSpec {
  const id = newId("issue");
  return {
    id,
    title: "Write a line",
    body: "",
    attempt: 1,
    round: 1,
    cycle: 1,
    delivery: "merge",
    convoyTitle: null,
    molecule: null,
    answers: [],
    feedback: null,
    ...more,
  };
}

function common(resource: string, n = 1) {
  return { runId: newId("run"), resource, fence: { epoch: 1, n }, limits: LIMITS };
}

export function workSpec(rig: RigSpec, more: Partial<RunSpecOf<"work">> = {}): RunSpecOf<"work"> {
  const bead = more.bead ?? beadSpec();
  const agent = { id: newId("agent"), name: "Toast", role: "polecat" as const };
  return {
    kind: "work",
    ...common(bead.id),
    rig,
    bead,
    agent,
    model: MODEL,
    program: "kilo",
    author: AUTHOR,
    contains: [],
    handed: null,
    carries: [],
    savedWork: null,
    remember: false,
    snapshot: null,
    noSnapshot: null,
    ...more,
  };
}

export function baselineSpec(
  rig: RigSpec,
  more: Partial<RunSpecOf<"baseline">> = {},
): RunSpecOf<"baseline"> {
  return { kind: "baseline", ...common(rig.id), rig, ...more };
}

export function checkSpec(
  rig: RigSpec,
  work: { bead: BeadSpec; headOid: string; branch: string },
  more: Partial<RunSpecOf<"check">> = {},
): RunSpecOf<"check"> {
  return {
    kind: "check",
    ...common(work.bead.id, 2),
    rig,
    ...work,
    roundBase: null,
    reviewId: newId("review"),
    ...more,
  };
}

export function mergeSpec(
  rig: RigSpec,
  work: { bead: BeadSpec; headOid: string; branch: string },
  more: Partial<RunSpecOf<"merge">> = {},
): RunSpecOf<"merge"> {
  return {
    kind: "merge",
    purpose: "land",
    ...common(`${rig.id}:main`),
    rig,
    ...work,
    roundBase: null,
    reviewId: newId("review"),
    author: AUTHOR,
    carries: [],
    ...more,
  };
}

export function reviewSpec(
  rig: RigSpec,
  work: { bead: BeadSpec; headOid: string; baseOid: string; branch: string; summary: string },
  more: Partial<RunSpecOf<"review">> = {},
): RunSpecOf<"review"> {
  const agent = { id: newId("agent"), name: "Refinery", role: "refinery" as const };
  return {
    kind: "review",
    ...common(work.bead.id, 3),
    rig,
    ...work,
    agent,
    model: MODEL,
    program: "kilo",
    reviewId: newId("review"),
    gates: [],
    ...more,
  };
}

export function sessionSpec(more: Partial<RunSpecOf<"session">> = {}): RunSpecOf<"session"> {
  const sessionId = newId("session");
  const agent = { id: newId("agent"), name: "Mayor", role: "mayor" as const };
  const turns = [{ turnId: newId("turn"), text: "Please add a line", digest: [], journal: [] }];
  return {
    kind: "session",
    ...common(sessionId),
    sessionId,
    agent,
    model: MODEL,
    program: "kilo",
    turns,
    snapshot: null,
    noSnapshot: null,
    transcript: [],
    ...more,
  };
}

export function triageSpec(more: Partial<RunSpecOf<"triage">> = {}): RunSpecOf<"triage"> {
  const agent = { id: newId("agent"), name: "Triage", role: "triage" as const };
  return {
    kind: "triage",
    ...common("triage:town"),
    agent,
    model: MODEL,
    program: "kilo",
    requests: [requestSpec()],
    ...more,
  };
}

export function requestSpec(more: Partial<TriageSpec> = {}): TriageSpec {
  const { id, title, body } = beadSpec();
  return {
    id: newId("triage"),
    severity: "low",
    title: "No access",
    text: "The server says 401.",
    bead: { id, title, body, state: "in_progress", workAttempts: 0 },
    standsStill: true,
    failures: [],
    actions: ["retry", "guide", "hold", "escalate"],
    ...more,
  };
}
