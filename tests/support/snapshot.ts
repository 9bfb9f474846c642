// Small snapshots for tests of the reconciler: each builder gives the plainest entity, changed by what it is given.
import type {
  AskedView,
  EscalationView,
  MailView,
  QuestionView,
  TriageView,
} from "../../server/reconcile/attention.ts";
import type { BreakerView } from "../../server/model/breaker.ts";
import type { StepView } from "../../server/model/molecules/states.ts";
import { POLICY } from "../../server/model/policy.ts";
import { TOWN } from "../../server/reconcile/concerns.ts";
import type { Action, Plan, Step } from "../../server/reconcile/plan.ts";
import type {
  AgentView,
  BlockerView,
  ConvoyMember,
  ConvoyView,
  Held,
  IssueView,
  MoleculeView,
  ReviewView,
  RigView,
  RunnerView,
  RunView,
  Snapshot,
  Spent,
  TurnView,
} from "../../server/reconcile/snapshot.ts";
import { NO_ENVIRONMENT, type GateResult, type Round } from "../../protocol/index.ts";

export const NOW = 1_700_000_000_000;
export const HEAD = "a".repeat(40);
export const BASE = "b".repeat(40);

export function rig(change: Partial<RigView> = {}): RigView {
  return {
    id: "rg_1",
    name: "sample",
    remote: "/remote",
    target: "main",
    delivery: "branch",
    codeReview: true,
    savedWork: "remote",
    egress: "none",
    lfs: "pointers",
    labels: [],
    labelsAt: 0,
    gates: [{ name: "test", command: "true", timeoutMs: 1_000 }],
    setup: null,
    slots: 4,
    state: "ready",
    baselineTries: 0,
    infraSince: null,
    movedTo: null,
    backOffUntil: null,
    isolationConfirmed: false,
    directMergeConfirmed: false,
    environment: NO_ENVIRONMENT,
    deletion: null,
    hasRuns: false,
    ...change,
  };
}

export function runner(change: Partial<RunnerView> = {}): RunnerView {
  return {
    id: "ru_1",
    name: "local",
    state: "connected",
    online: true,
    leavingAt: null,
    away: null,
    revokedAt: null,
    rights: ["model", "merge"],
    labels: [],
    grantedAt: 0,
    warmRigs: [],
    isolation: "bwrap",
    host: null,
    programs: ["kilo"],
    lfs: true,
    slots: 4,
    lastSeenAt: NOW,
    ...change,
  };
}

export function issue(change: Partial<IssueView> = {}): IssueView {
  return {
    id: "bd_1",
    title: "Sort the list",
    body: "",
    rigId: "rg_1",
    priority: "medium",
    state: "open",
    convoyId: null,
    delivery: null,
    cycle: 1,
    round: 1,
    runsSpent: 0,
    runsForgiven: 0,
    workAttempts: 0,
    workAttemptsForgiven: 0,
    startFailures: 0,
    infraFailures: 0,
    infraSince: null,
    stalls: 0,
    parked: null,
    backOffUntil: null,
    reviewId: null,
    runId: null,
    saved: null,
    carries: [],
    wait: null,
    queued: null,
    taken: null,
    convoyTitle: null,
    molecule: null,
    convoyBranch: null,
    landing: false,
    spent: spent(),
    convoySpent: null,
    staged: false,
    held: false,
    archived: false,
    closing: null,
    asked: [],
    checks: [],
    blockers: [],
    ...change,
  };
}

export function blocker(change: Partial<BlockerView> = {}): BlockerView {
  return {
    id: "bd_0",
    title: "Make the list",
    status: "closed",
    landedOn: "gastown/landed/main",
    landedOid: HEAD,
    outcome: "landed",
    ...change,
  };
}

export function round(change: Partial<Round> = {}): Round {
  return {
    round: 1,
    headOid: HEAD,
    baseOid: BASE,
    summary: "sorted",
    gates: [],
    verdict: null,
    feedback: null,
    comments: [],
    reviewerRunId: null,
    authorRunId: null,
    at: NOW,
    ...change,
  };
}

export function review(change: Partial<ReviewView> = {}): ReviewView {
  return {
    id: "mr_1",
    subjectId: "bd_1",
    rigId: "rg_1",
    cycle: 1,
    state: "queued",
    headOid: HEAD,
    branch: "gastown/run/bd_1/rn_1",
    tries: 0,
    infraTries: 0,
    infraSince: null,
    backOffUntil: null,
    laneOpen: false,
    wait: null,
    queued: null,
    failure: null,
    latest: round(),
    ...change,
  };
}

export function run(change: Partial<RunView> = {}): RunView {
  return {
    id: "rn_1",
    kind: "work",
    state: "running",
    outcome: null,
    reason: null,
    resource: "bead:bd_1",
    beadId: "bd_1",
    reviewId: null,
    rigId: "rg_1",
    sessionId: null,
    runnerId: "ru_1",
    round: 1,
    result: null,
    progressed: false,
    handed: false,
    withdraws: false,
    holdsKey: true,
    relayed: false,
    relayTrouble: null,
    startedAt: NOW,
    offeredAt: NOW,
    wallMs: POLICY.agentWallMs,
    stopOrderedAt: null,
    frozenMs: 0,
    spent: spent(),
    model: null,
    judges: null,
    phase: null,
    rung: 0,
    rungSince: NOW,
    busyUntil: null,
    repeating: null,
    kept: null,
    saved: null,
    ...change,
  };
}

export function held(change: Partial<Held> = {}): Held {
  return { kind: "work", runnerId: "ru_1", rigId: "rg_1", count: 1, ...change };
}

export function spent(change: Partial<Spent> = {}): Spent {
  return { microUsd: 0, tokens: 0, warned: false, own: null, ...change };
}

export function breaker(change: Partial<BreakerView> = {}): BreakerView {
  return {
    state: "closed",
    since: NOW,
    untilAt: null,
    openings: 0,
    reason: null,
    recent: [],
    spentMicroUsd: 0,
    spentTokens: 0,
    probe: "none",
    ...change,
  };
}

export function member(change: Partial<ConvoyMember> = {}): ConvoyMember {
  return {
    id: "bd_1",
    status: "closed",
    outcome: "landed",
    landing: false,
    headOid: HEAD,
    baseOid: BASE,
    landedOn: "refs/heads/gastown/landed/main",
    tipOid: HEAD,
    landingN: 1,
    ...change,
  };
}

/** A step of a molecule: landed unless said otherwise. */
export function step(change: Partial<MoleculeView["steps"][number]> = {}): StepView {
  return { n: 1, title: "A step", status: "closed", outcome: "landed", skipped: false, ...change };
}

/** An idle agent, just released. */
export function agent(change: Partial<AgentView> = {}): AgentView {
  return { id: "ag_1", rigId: "rg_1", idleSince: NOW, isWanted: false, ...change };
}

export function molecule(change: Partial<MoleculeView> = {}): MoleculeView {
  return { id: "mo_1", title: "A molecule", state: "active", current: 1, steps: [], ...change };
}

export function convoy(change: Partial<ConvoyView> = {}): ConvoyView {
  return {
    id: "cv_1",
    title: "A convoy",
    rigId: "rg_1",
    state: "active",
    branch: null,
    members: [],
    ...change,
  };
}

export function turn(change: Partial<TurnView> = {}): TurnView {
  return {
    id: "tn_1",
    sessionId: "se_1",
    n: 1,
    state: "pending",
    runId: null,
    tries: 0,
    text: "hello",
    wait: null,
    ...change,
  };
}

export function escalation(change: Partial<EscalationView> = {}): EscalationView {
  return {
    id: "es_1",
    state: "open",
    severity: "medium",
    subjectId: null,
    subjectState: null,
    holdsWhile: null,
    ambiguous: false,
    triages: { isOpen: false, made: 0 },
    reminders: 0,
    remindAt: NOW + 1_000,
    ...change,
  };
}

export function question(change: Partial<QuestionView> = {}): QuestionView {
  return {
    id: "qn_1",
    workBeadId: "bd_1",
    runId: "rn_1",
    blocking: false,
    fallback: "tabs",
    deadlineAt: NOW + 1_000,
    beadState: "in_progress",
    ...change,
  };
}

/** An open request of triage about the plainest issue. */
export function triage(change: Partial<TriageView> = {}): TriageView {
  return {
    id: "tr_1",
    escalationId: "es_1",
    escalationState: "open",
    isPersons: false,
    workBeadId: "bd_1",
    rigId: "rg_1",
    convoyId: null,
    runId: null,
    tries: 0,
    ...change,
  };
}

export function mail(change: Partial<MailView> = {}): MailView {
  return {
    id: "ml_1",
    state: "queued",
    runId: null,
    runLives: false,
    onlyRun: false,
    takerId: null,
    takerState: null,
    expiresAt: NOW + 1_000,
    ...change,
  };
}

export function asked(change: Partial<AskedView> = {}): AskedView {
  return {
    id: "qn_1",
    state: "open",
    blocking: true,
    deadlineAt: NOW + 1_000,
    question: "Tabs or spaces?",
    answer: null,
    answeredBy: null,
    ...change,
  };
}

export function gate(change: Partial<GateResult> = {}): GateResult {
  return {
    name: "test",
    command: "bun test",
    ok: true,
    code: 0,
    timedOut: false,
    durationMs: 5,
    log: "",
    ...change,
  };
}

/** A town with one ready rig and one idle runner; all of it is in focus. */
export function snapshot(change: Partial<Snapshot> = {}): Snapshot {
  const all = plain(change);
  const entities = [
    all.rigs,
    all.trash,
    all.runners,
    all.issues,
    all.reviews,
    all.runs,
    all.convoys,
    all.molecules,
    all.agents,
    all.turns,
    all.escalations,
    all.questions,
    all.triages,
    all.mails,
  ].flat();
  return { ...all, focus: change.focus ?? new Set([TOWN, ...entities.map(({ id }) => id)]) };
}

function heldBy(runs: readonly RunView[]): Held[] {
  return runs
    .filter((each) => each.state !== "ended")
    .map(({ kind, runnerId, rigId }) => ({ kind, runnerId, rigId, count: 1 }));
}

function plain(change: Partial<Snapshot>): Snapshot {
  return {
    now: NOW,
    policy: POLICY,
    policies: new Map(),
    modelMissing: null,
    fallback: false,
    pauses: new Map(),
    providers: new Map(),
    breaker: breaker(),
    day: { ...spent(), limit: { microUsd: null, tokens: null } },
    daySubject: "day:2023-11-14",
    programs: new Map(),
    models: { mayor: "m", polecat: "p", refinery: "r", triage: "t", small: "s", scripted: false },
    authors: { chosen: new Map(), host: { name: "Owner", email: "owner@example.invalid" } },
    observingUntil: null,
    rigs: [rig()],
    trash: [],
    runners: [runner()],
    issues: [],
    reviews: [],
    runs: [],
    convoys: [],
    molecules: [],
    agents: [],
    turns: [],
    awaited: [],
    escalations: [],
    questions: [],
    triages: [],
    triageRest: { failures: 0, untilAt: null },
    mails: [],
    focus: new Set(),
    held: heldBy(change.runs ?? []),
    ...change,
  };
}

/** Steps of a rule. */
export function stepsOf(plan: Plan, rule: string): Step[] {
  return plan.steps.filter((step) => step.rule === rule);
}

/** Actions of one kind in all steps. */
export function actionsOf<K extends Action["do"]>(
  steps: readonly Step[],
  kind: K,
): Extract<Action, { do: K }>[] {
  return steps
    .flatMap((step) => step.actions)
    .filter((action): action is Extract<Action, { do: K }> => action.do === kind);
}

/** A plan without what cannot be compared: the functions that complete offers. */
export function comparable(plan: Plan): unknown {
  return JSON.parse(JSON.stringify(plan)) as unknown;
}
