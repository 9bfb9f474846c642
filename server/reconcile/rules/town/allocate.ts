import type { Wait } from "../../../../protocol/index.ts";
import { Capacity } from "../../capacity.ts";
import { laneResource, sessionResource, type Context } from "../../context.ts";
import { withdraws } from "../../limits/exhaustion.ts";
import { gateOf, sessionGate } from "../../gates.ts";
import {
  offerBaseline,
  offerCheck,
  offerMerge,
  offerReview,
  offerSession,
  offerWork,
} from "../../offers.ts";
import type { Action, Step } from "../../plan.ts";
import { issueReadiness, needOf, readyOrder, reviewReadiness, sameReady } from "../../readiness.ts";
import { leftBehind, pinnedTo } from "../../saved/saved-work.ts";
import { offerTriage } from "../../triage/offer.ts";
import { triageBatch, triageGate } from "../../triage/wanted.ts";
import { TRIAGE_RESOURCE } from "../../../model/triage.ts";
import { isPaused } from "../../../model/provider.ts";
import { isRigPaused } from "../../limits/pauses.ts";
import type {
  IssueView,
  ReviewView,
  RigView,
  RunnerView,
  Snapshot,
  TurnView,
} from "../../snapshot.ts";
import { HANDED_NEED, NEED, type Ready, type SlotClass, type Stage } from "../../stages.ts";

const RULE = "town/allocate";
/** A person who came to speak may have gone again. */
const AWAITED_MS = 60_000;
/** Which bound is reached is told by explain; this stays true for all that wait. */
const NO_SLOT = "waits for a free slot";
const LAST_RUN_ENDS = "waits for the Mayor's last run to end";
const NO_LANE = "waits for the lane of its target";
/** Only the first of a lane is looked at when a slot is free, so what the others say holds for both. */
const NO_ROOM: Readonly<Record<Stage, string>> = {
  ...{ check: NO_SLOT, review: NO_SLOT, work: NO_SLOT },
  merge: NO_LANE,
};

type Subject = { issue: IssueView; review: ReviewView | null };
type Candidate = { subject: Subject; ready: Ready; rig: RigView };
type ReviewStage = Exclude<Stage, "work">;

/**
 * The one rule that gives capacity away: the Mayor first, then what is nearest to landing (merges,
 * reviews, checks), baselines, and ready beads by priority and age. What gets nothing is told why.
 */
export function allocate(context: Context, taken: ReadonlySet<string>): Step[] {
  const capacity = new Capacity(context.s, taken);
  const busy = new Set(context.busyResources);
  const steps: Step[] = [];
  const push = (step: Step | null) => step && steps.push(step);
  push(offerTurn(context, capacity, busy) ?? offerAwaited(context, capacity, busy));
  const { candidates, waits } = sortOut(context, taken);
  steps.push(...waits);
  for (const each of candidates.filter(({ ready }) => ready.stage !== "work"))
    push(give(each, context, capacity, busy));
  for (const rig of context.s.rigs)
    if (!taken.has(rig.id)) push(offerForRig(rig, context, capacity, busy));
  const work = candidates.filter(({ ready }) => ready.stage === "work");
  for (const each of soundFirst(work, context.s)) push(give(each, context, capacity, busy));
  push(offerForTriage(context, taken, capacity, busy));
  return steps;
}

/** What in focus waits for capacity alone, in order; what waits for something of its own is told so. */
function sortOut(
  context: Context,
  taken: ReadonlySet<string>,
): { candidates: Candidate[]; waits: Step[] } {
  const { focus, issues, reviews } = context.s;
  const candidates: Candidate[] = [];
  const waits: Step[] = [];
  const look = (subject: Subject, readiness: ReturnType<typeof reviewReadiness>) => {
    if (readiness === null) return;
    if ("ready" in readiness) candidates.push({ subject, ...readiness });
    else {
      const step = waitStep(subject, { rule: RULE, ...readiness.wait }, null);
      if (step) waits.push(step);
    }
  };
  for (const review of reviews) {
    const issue = context.issues.get(review.subjectId);
    if (issue && focus.has(review.id) && !taken.has(review.id))
      look({ issue, review }, reviewReadiness(review, context));
  }
  for (const issue of issues) {
    if (issue.state === "open" && focus.has(issue.id) && !taken.has(issue.id))
      look({ issue, review: null }, issueReadiness(issue, context));
  }
  return { candidates: candidates.toSorted((a, b) => readyOrder(a.ready, b.ready)), waits };
}

function give(
  { subject, ready, rig }: Candidate,
  context: Context,
  capacity: Capacity,
  busy: Set<string>,
): Step | null {
  const need = needOf(ready.stage, subject.issue, context.s);
  const { slot, role } = need;
  const gate = gateOf(rig, need, context.s);
  if (gate) return waitStep(subject, { rule: RULE, ...gate }, ready);
  if (busy.has(ready.resource))
    return waitStep(subject, { rule: RULE, text: NO_LANE, untilAt: null }, ready);
  const { issue } = subject;
  const only = ready.stage === "work" ? pinnedTo(issue, rig, context.s) : null;
  const mayStart = need === HANDED_NEED || mayProbe(issue, slot, context.s);
  const runner = mayStart ? capacity.place(need, rig, only) : null;
  if (!runner)
    return waitStep(subject, { rule: RULE, text: NO_ROOM[ready.stage], untilAt: null }, ready);
  busy.add(ready.resource);
  const step =
    subject.review && ready.stage !== "work"
      ? giveReview({ ...subject, review: subject.review, rig, runner }, ready.stage, context)
      : giveWork(issue, { rig, runner }, context);
  return slot === "agent" && role !== null ? tried(step, context.s) : step;
}

/** While the breaker is tried, what has failed on end comes last: it says of nothing but itself that it cannot be started. */
function soundFirst(candidates: readonly Candidate[], { breaker }: Snapshot): readonly Candidate[] {
  if (breaker.state !== "half_open") return candidates;
  return candidates.toSorted(
    (a, b) => Number(failsOnEnd(a.subject.issue)) - Number(failsOnEnd(b.subject.issue)),
  );
}

function failsOnEnd({ startFailures, stalls }: IssueView): boolean {
  return startFailures > 0 || stalls > 0;
}

/** A half-open breaker is tried by a bead that did not fail lately. */
function mayProbe(issue: IssueView, slot: SlotClass, { breaker }: Snapshot): boolean {
  if (slot !== "agent" || breaker.state !== "half_open") return true;
  return breaker.recent.every(({ beadId }) => beadId !== issue.id);
}

/** The step with what follows from starting an agent while provider or breaker are tried again. */
function tried(step: Step, { breaker, providers, now, policy }: Snapshot): Step {
  const provider = providers.get("agents");
  const isTrying = provider !== undefined && !isPaused(provider, now);
  const probe = breaker.state === "half_open";
  if (!isTrying && !probe) return step;
  const actions = step.actions.map((action) =>
    action.do === "offer" ? { ...action, probe } : action,
  );
  if (isTrying) {
    const releaseAt = now + policy.staggerMs;
    actions.push({ do: "set_provider", provider: { ...provider, releaseAt } });
  }
  return { ...step, actions };
}

function giveWork(
  issue: IssueView,
  { rig, runner }: { rig: RigView; runner: RunnerView },
  context: Context,
): Step {
  const actions: Action[] = [
    { do: "offer", request: offerWork(issue, rig, runner, context) },
    { do: "wait", subject: "issue", id: issue.id, wait: null, ready: null },
  ];
  const left = issue.taken === null ? leftBehind(issue, runner, context.s) : null;
  if (left !== null) {
    const about = { rule: RULE, subjectId: issue.id, rigId: rig.id };
    actions.push({ do: "escalate", ...left, severity: "medium", ...about });
  }
  const expect: Step["expect"] = [{ table: "issue", id: issue.id, state: "open" }];
  return { rule: RULE, key: issue.id, expect, actions };
}

type Reviewing = { issue: IssueView; review: ReviewView; rig: RigView; runner: RunnerView };

/** The bead is to end, but a merge of it was lost: first nothing may be able to land any more. */
const WITHDRAW = {
  offer: offerMerge,
  event: "withdraw_started",
  text: "it is made sure that a lost merge lands nothing",
} as const;

function giveReview(all: Reviewing, stage: ReviewStage, context: Context): Step {
  const { review } = all;
  const start = {
    check: { offer: offerCheck, event: "check_started", text: "the gates are being run" },
    merge: { offer: offerMerge, event: "merge_started", text: "the merge engine has it" },
    review: { offer: offerReview, event: null, text: "" },
  } as const;
  const { offer, event, text } = withdraws(all.issue, context.s) ? WITHDRAW : start[stage];
  const actions: Action[] = [{ do: "offer", request: offer(all, context) }];
  if (event !== null) actions.push({ do: "move_review", reviewId: review.id, event, text });
  actions.push({ do: "wait", subject: "review", id: review.id, wait: null, ready: null });
  return {
    rule: RULE,
    key: review.id,
    expect: [{ table: "review", id: review.id, state: review.state }],
    actions,
  };
}

/** A step only where the bead or review says something else today. */
function waitStep({ issue, review }: Subject, wait: Wait, ready: Ready | null): Step | null {
  const said = review ?? issue;
  if (isSaid(said.wait, wait) && sameReady(said.queued, ready)) return null;
  const subject = review ? "review" : "issue";
  return {
    rule: RULE,
    key: said.id,
    expect: [{ table: subject, id: said.id, state: said.state }],
    actions: [{ do: "wait", subject, id: said.id, wait, ready }],
  };
}

function isSaid(said: Wait | null, wait: Wait): boolean {
  return said?.text === wait.text && said.untilAt === wait.untilAt;
}

function offerTurn(context: Context, capacity: Capacity, busy: Set<string>): Step | null {
  const { s } = context;
  const turn = s.turns.find((each) => each.state === "pending");
  if (!turn || s.turns.some((each) => each.state === "running")) return null;
  const { sessionId } = turn;
  const runner = placeSession(sessionId, context, capacity, busy);
  if (!runner) return turnWaits(turn, busy, s);
  const request = offerSession({ sessionId, turn }, runner, context);
  return {
    rule: RULE,
    key: turn.id,
    expect: [{ table: "turn", id: turn.id, state: "pending" }],
    actions: [{ do: "offer", request, turnIds: [turn.id] }],
  };
}

/** A step only where the message says something else today. */
function turnWaits(turn: TurnView, busy: ReadonlySet<string>, s: Snapshot): Step | null {
  const isEnding = busy.has(sessionResource(turn.sessionId));
  const why = isEnding ? { text: LAST_RUN_ENDS, untilAt: null } : sessionGate(s);
  const wait = { rule: RULE, ...(why ?? { text: NO_SLOT, untilAt: null }) };
  if (isSaid(turn.wait, wait)) return null;
  return {
    rule: RULE,
    key: turn.id,
    expect: [{ table: "turn", id: turn.id, state: "pending" }],
    actions: [{ do: "turn_wait", turnId: turn.id, wait }],
  };
}

/** Somebody has come to speak: the Mayor is up when he does. A wish that could not be met for a minute is none any more. */
function offerAwaited(context: Context, capacity: Capacity, busy: Set<string>): Step | null {
  const { s } = context;
  const awaited = s.awaited.find(({ at }) => s.now < at + AWAITED_MS);
  if (!awaited || s.turns.length > 0) return null;
  const { sessionId } = awaited;
  const runner = placeSession(sessionId, context, capacity, busy);
  if (!runner) return null;
  const request = offerSession({ sessionId, turn: null }, runner, context);
  return { rule: RULE, key: sessionId, expect: [], actions: [{ do: "offer", request }] };
}

function placeSession(
  sessionId: string,
  { s }: Context,
  capacity: Capacity,
  busy: Set<string>,
): RunnerView | null {
  if (busy.has(sessionResource(sessionId)) || sessionGate(s) !== null) return null;
  const runner = capacity.place(NEED.session, null);
  if (runner) busy.add(sessionResource(sessionId));
  return runner;
}

/** Last of all: what slot is left when no bead waits for one. */
function offerForTriage(
  context: Context,
  taken: ReadonlySet<string>,
  capacity: Capacity,
  busy: Set<string>,
): Step | null {
  const { s } = context;
  const requests = triageBatch(s, taken);
  if (requests.length === 0 || busy.has(TRIAGE_RESOURCE) || triageGate(s) !== null) return null;
  const runner = capacity.place(NEED.triage, null);
  const [oldest] = requests;
  if (!runner || !oldest) return null;
  busy.add(TRIAGE_RESOURCE);
  const triageIds = requests.map(({ id }) => id);
  const step: Step = {
    rule: RULE,
    key: oldest.id,
    expect: triageIds.map((id) => ({ table: "triage", id, state: "open" })),
    actions: [{ do: "offer", request: offerTriage(runner, context), triageIds }],
  };
  return tried(step, s);
}

function offerForRig(
  rig: RigView,
  context: Context,
  capacity: Capacity,
  busy: Set<string>,
): Step | null {
  const resource = laneResource(rig.id, rig.target);
  const due = rig.state === "checking" || (rig.state === "ready" && rig.movedTo !== null);
  if (!due || busy.has(resource)) return null;
  if (rig.deletion !== null || isRigPaused(rig, context.s)) return null;
  if (rig.backOffUntil !== null && rig.backOffUntil > context.s.now) return null;
  const runner = capacity.place(NEED.baseline, rig);
  if (!runner) return null;
  busy.add(resource);
  return {
    rule: RULE,
    key: rig.id,
    expect: [{ table: "rig", id: rig.id, state: rig.state }],
    actions: [{ do: "offer", request: offerBaseline(rig, runner, context) }],
  };
}
