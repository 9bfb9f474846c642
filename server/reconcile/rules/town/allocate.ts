import { baseHolds } from "../../../model/delivery.ts";
import { roundsUsedUp } from "../../../model/rounds.ts";
import type { Wait } from "../../../../protocol/index.ts";
import { Capacity } from "../../capacity.ts";
import { beadResource, laneResource, sessionResource, type Context } from "../../context.ts";
import {
  delivery,
  offerBaseline,
  offerCheck,
  offerMerge,
  offerReview,
  offerSession,
  offerWork,
} from "../../offers.ts";
import type { Action, Step } from "../../plan.ts";
import type { IssueView, ReviewView, RigView } from "../../snapshot.ts";

const RULE = "town/allocate";
const PRIORITY = { critical: 0, high: 1, medium: 2, low: 3 } as const;

/**
 * The one rule that gives capacity away: the Mayor first, then what is nearest to landing (merges,
 * reviews, checks), baselines, and ready beads by priority and age. What gets nothing is told why.
 */
export function allocate(context: Context, taken: ReadonlySet<string>): Step[] {
  const capacity = new Capacity(context);
  const busy = new Set(context.busyResources);
  const steps: Step[] = [];
  const push = (step: Step | null) => step && steps.push(step);
  if (context.s.observingUntil !== null && context.s.runners.every((runner) => !runner.online)) {
    return [...waits(context, "the town has just started and waits for its runners", taken)];
  }
  push(offerTurn(context, capacity, busy));
  for (const state of ["approved", "reviewing", "queued"] as const) {
    for (const review of inOrder(context, state)) {
      if (!taken.has(review.id)) push(offerForReview(review, context, capacity, busy));
    }
  }
  for (const rig of context.s.rigs) push(offerForRig(rig, context, capacity, busy));
  for (const issue of readyOrder(context.s.issues)) {
    if (!taken.has(issue.id)) push(offerForIssue(issue, context, capacity, busy));
  }
  return steps;
}

function waits(context: Context, text: string, taken: ReadonlySet<string>): Step[] {
  return context.s.issues
    .filter((issue) => issue.state === "open" && !taken.has(issue.id))
    .flatMap((issue) => waitIssue(issue, text, context.s.observingUntil) ?? []);
}

function inOrder(context: Context, state: ReviewView["state"]): ReviewView[] {
  const rank = (review: ReviewView) =>
    PRIORITY[context.issues.get(review.subjectId)?.priority ?? "medium"];
  return context.s.reviews
    .filter((review) => review.state === state)
    .sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
}

function readyOrder(issues: readonly IssueView[]): IssueView[] {
  return issues
    .filter((issue) => issue.state === "open")
    .sort((a, b) => PRIORITY[a.priority] - PRIORITY[b.priority] || (a.id < b.id ? -1 : 1));
}

function offerTurn(context: Context, capacity: Capacity, busy: Set<string>): Step | null {
  const { s } = context;
  const turn = s.turns.find((each) => each.state === "pending");
  if (!turn || s.turns.some((each) => each.state === "running")) return null;
  if (busy.has(sessionResource(turn.sessionId)) || s.modelMissing) return null;
  const place = capacity.place("session", null);
  if ("why" in place) return null;
  busy.add(sessionResource(turn.sessionId));
  return {
    rule: RULE,
    key: turn.id,
    expect: [{ table: "turn", id: turn.id, state: "pending" }],
    actions: [
      { do: "offer", request: offerSession(turn, place.runner, context), turnIds: [turn.id] },
    ],
  };
}

function offerForRig(
  rig: RigView,
  context: Context,
  capacity: Capacity,
  busy: Set<string>,
): Step | null {
  const resource = laneResource(rig.id, rig.target);
  if (rig.state !== "checking" || busy.has(resource)) return null;
  if (rig.backOffUntil !== null && rig.backOffUntil > context.s.now) return null;
  const place = capacity.place("code", rig);
  if ("why" in place) return null;
  busy.add(resource);
  return {
    rule: RULE,
    key: rig.id,
    expect: [{ table: "rig", id: rig.id, state: "checking" }],
    actions: [{ do: "offer", request: offerBaseline(rig, place.runner, context) }],
  };
}

function offerForReview(
  review: ReviewView,
  context: Context,
  capacity: Capacity,
  busy: Set<string>,
): Step | null {
  const { s } = context;
  const issue = context.issues.get(review.subjectId);
  const rig = context.rigs.get(review.rigId);
  if (!issue || !rig) return null;
  if (rig.state === "parked")
    return waitReview(review, `rig ${rig.name} is parked: see its page`, null);
  const backOff =
    review.backOffUntil !== null && review.backOffUntil > s.now ? review.backOffUntil : null;
  if (backOff !== null) return waitReview(review, "waits before the next try", backOff);
  const merging = review.state === "approved";
  const resource = merging ? laneResource(rig.id, rig.target) : beadResource(issue.id);
  if (busy.has(resource))
    return merging ? waitReview(review, "waits for the lane of its target", null) : null;
  if (review.state === "reviewing" && s.modelMissing)
    return waitReview(review, s.modelMissing, null);
  const place = capacity.place(review.state === "reviewing" ? "agent" : "code", rig);
  if ("why" in place) return waitReview(review, place.why, null);
  busy.add(resource);
  const all = { issue, review, rig, runner: place.runner };
  const offer =
    review.state === "queued"
      ? offerCheck(all, context)
      : merging
        ? offerMerge(all, context)
        : offerReview(all, context);
  const actions: Action[] = [{ do: "offer", request: offer }];
  if (review.state === "queued")
    actions.push({
      do: "move_review",
      reviewId: review.id,
      event: "check_started",
      text: "the gates are being run",
    });
  if (merging)
    actions.push({
      do: "move_review",
      reviewId: review.id,
      event: "merge_started",
      text: "the merge engine has it",
    });
  return {
    rule: RULE,
    key: review.id,
    expect: [{ table: "review", id: review.id, state: review.state }],
    actions: [...actions, ...clear(review)],
  };
}

function clear(review: ReviewView): Action[] {
  return review.wait ? [{ do: "wait_review", reviewId: review.id, wait: null }] : [];
}

function offerForIssue(
  issue: IssueView,
  context: Context,
  capacity: Capacity,
  busy: Set<string>,
): Step | null {
  const { s } = context;
  const rig = context.rigs.get(issue.rigId);
  if (!rig) return waitIssue(issue, "its rig is gone; close it", null);
  const blocked = blockedBy(issue, rig);
  if (blocked) return waitIssue(issue, blocked, null);
  const review = issue.reviewId ? context.reviews.get(issue.reviewId) : undefined;
  if (
    review &&
    (review.state === "needs_person" || roundsUsedUp(review.latest, s.policy.roundsMax))
  ) {
    return waitIssue(issue, "a person decides its review", null);
  }
  if (rig.state === "parked")
    return waitIssue(issue, `rig ${rig.name} is parked: see its page`, null);
  if (rig.state === "checking") return waitForBaseline(issue, rig, context, capacity, busy);
  if (delivery(issue, rig) === "merge" && rig.gates.length === 0 && !rig.directMergeConfirmed) {
    return waitIssue(
      issue,
      `rig ${rig.name} has no gates: confirm merging without them, or choose another delivery`,
      null,
    );
  }
  if (s.modelMissing) return waitIssue(issue, s.modelMissing, null);
  if (issue.backOffUntil !== null && issue.backOffUntil > s.now) {
    return waitIssue(issue, "waits before the next attempt", issue.backOffUntil);
  }
  if (busy.has(beadResource(issue.id)))
    return waitIssue(issue, "waits for its last run to end", null);
  const place = capacity.place("agent", rig);
  if ("why" in place) return waitIssue(issue, place.why, null);
  busy.add(beadResource(issue.id));
  return {
    rule: RULE,
    key: issue.id,
    expect: [{ table: "issue", id: issue.id, state: "open" }],
    actions: [
      { do: "offer", request: offerWork(issue, rig, place.runner, context) },
      { do: "wait_issue", beadId: issue.id, wait: null },
    ],
  };
}

/** A baseline is offered before any bead is looked at: one that has no run by now cannot have one. */
function waitForBaseline(
  issue: IssueView,
  rig: RigView,
  context: Context,
  capacity: Capacity,
  busy: Set<string>,
): Step | null {
  const baseline = `the baseline of rig ${rig.name}`;
  if (busy.has(laneResource(rig.id, rig.target)))
    return waitIssue(issue, `${baseline} is being run`, null);
  if (rig.backOffUntil !== null && rig.backOffUntil > context.s.now)
    return waitIssue(issue, `${baseline} waits before the next try`, rig.backOffUntil);
  const place = capacity.place("code", rig);
  return waitIssue(issue, "why" in place ? place.why : `${baseline} is about to run`, null);
}

/** A blocker counts when its landing is in this bead's base, or when it needed none. */
function blockedBy(issue: IssueView, rig: RigView): string | null {
  for (const blocker of issue.blockers) {
    if (blocker.status === "failed")
      return `waits for “${blocker.title}”, which has failed: reopen or close it`;
    if (blocker.status !== "closed") return `waits for “${blocker.title}” to land`;
    if (blocker.outcome !== "landed") continue;
    if (!baseHolds(blocker.landedOn, rig.target)) {
      return `“${blocker.title}” landed on ${blocker.landedOn ?? "another branch"}, which is not in this bead's base`;
    }
  }
  return null;
}

function sameWait(wait: Wait | null, text: string, untilAt: number | null): boolean {
  return wait !== null && wait.text === text && wait.untilAt === untilAt;
}

function waitIssue(issue: IssueView, text: string, untilAt: number | null): Step | null {
  if (sameWait(issue.wait, text, untilAt)) return null;
  return {
    rule: RULE,
    key: issue.id,
    expect: [{ table: "issue", id: issue.id, state: "open" }],
    actions: [{ do: "wait_issue", beadId: issue.id, wait: { rule: RULE, text, untilAt } }],
  };
}

function waitReview(review: ReviewView, text: string, untilAt: number | null): Step | null {
  if (sameWait(review.wait, text, untilAt)) return null;
  return {
    rule: RULE,
    key: review.id,
    expect: [{ table: "review", id: review.id, state: review.state }],
    actions: [{ do: "wait_review", reviewId: review.id, wait: { rule: RULE, text, untilAt } }],
  };
}
