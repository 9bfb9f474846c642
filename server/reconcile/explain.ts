/**
 * Why something is where it is: told from the same predicates that decide, never from a text kept beside them. Pure: what
 * it reads is in the snapshot of the subject.
 */
import { Capacity } from "./capacity.ts";
import { indexSnapshot, laneResource, type Context } from "./context.ts";
import { gateOf, goingWords, hasRight, isGoing, isObserved, OBSERVING } from "./gates.ts";
import { repetitionWords } from "../model/ladder.ts";
import { evictAt, mustGiveUpKey } from "./limits/eviction.ts";
import { isAtWork, isStarting, nextRungAt, nextRungWords } from "./limits/ladder.ts";
import { isFrozen, wallAt } from "./limits/pauses.ts";
import { decide, remedies, rigRemedies, type Remedy } from "./remedies.ts";
import {
  issueReadiness,
  needOf,
  PERSON_DECIDES,
  reviewReadiness,
  unmetBlockers,
  WAITS_FOR_ANSWER,
} from "./readiness.ts";
import type { TriageView } from "./attention.ts";
import type {
  ConvoyView,
  IssueView,
  ReviewView,
  RigView,
  RunnerView,
  RunView,
  Snapshot,
} from "./snapshot.ts";
import { NEED } from "./stages.ts";
import type { Need } from "./stages.ts";

/** One thing that is waited for. */
export interface Reason {
  text: string;
  untilAt: number | null;
  /** The object that is waited for, where it is one. */
  on: string | null;
}

export interface Explanation {
  /** Where it is, in one sentence. */
  text: string;
  reasons: Reason[];
  can: Remedy[];
}

/** Explains the subject `id` of a snapshot that has it in focus; null when it is settled or unknown. */
export function explain(snapshot: Snapshot, id: string): Explanation | null {
  const context = indexSnapshot(snapshot);
  const issue = context.issues.get(id);
  if (issue) return withTriage(explainIssue(issue, context), issue, snapshot);
  const review = context.reviews.get(id);
  if (review) return explainReview(review, context);
  const run = snapshot.runs.find((each) => each.id === id);
  if (run) return explainRun(run, context);
  const convoy = snapshot.convoys.find((each) => each.id === id);
  if (convoy) return explainConvoy(convoy);
  const rig = context.rigs.get(id);
  return rig ? explainRig(rig, context) : null;
}

/** It goes on meanwhile: what triage decides may change that. */
function withTriage(of: Explanation, { id }: IssueView, { triages }: Snapshot): Explanation {
  const open = triages.filter(({ workBeadId }) => workBeadId === id);
  if (open.length === 0) return of;
  const told = open.map((each) => reason(triageWords(each), null, each.id));
  return { ...of, reasons: [...of.reasons, ...told] };
}

function triageWords({ runId }: TriageView): string {
  return runId === null
    ? "triage is to look at what was raised about it"
    : "triage looks at what was raised about it";
}

function explainIssue(issue: IssueView, context: Context): Explanation {
  const rig = context.rigs.get(issue.rigId);
  const review = issue.reviewId ? context.reviews.get(issue.reviewId) : undefined;
  if (issue.state === "in_review" && review) {
    const of = explainReview(review, context);
    const reasons = [...closingReasons(issue), ...of.reasons];
    return { ...of, text: `Its work is in review. ${of.text}`, reasons };
  }
  const run = context.s.runs.find((each) => each.resource === `bead:${issue.id}`);
  if (issue.state === "in_progress" && run) {
    const of = explainRun(run, context);
    const reasons = [...closingReasons(issue), ...of.reasons];
    return { ...of, text: `A polecat works on it. ${of.text}`, reasons };
  }
  if (!rig) return told("Its rig is gone.", [reason("its rig is gone; close it")]);
  const can = remedies(issue, review, rig, context.s);
  const blockers = unmetBlockers(issue, rig).map(({ text, on }) => reason(text, null, on));
  const readiness = issueReadiness(issue, context);
  if ("wait" in readiness) {
    const { text, untilAt } = readiness.wait;
    // What it waits for itself comes before what it waits for of others.
    const isTold = blockers.some((blocker) => blocker.text === text);
    const first = isTold ? [] : [reason(text, untilAt, waitsOn(text, issue, review))];
    return { text: "It is open and cannot be started yet.", reasons: [...first, ...blockers], can };
  }
  return { ...forCapacity(needOf("work", issue, context.s), rig, null, context), can };
}

/** The object that an open bead's wait speaks of, where it is one. */
function waitsOn(text: string, issue: IssueView, review: ReviewView | undefined): string | null {
  if (text === PERSON_DECIDES) return review?.id ?? null;
  if (text === WAITS_FOR_ANSWER)
    return issue.asked.find((each) => each.state === "open" && each.blocking)?.id ?? null;
  return null;
}

const CLOSES_AFTER = {
  merge_in_flight: "its merge has settled",
  run: "its run has ended",
  lane: "nothing of it can land any more",
} as const;

/** A wish to close it that waits. */
function closingReasons({ closing }: IssueView): Reason[] {
  if (closing === null) return [];
  const outcome = closing.outcome.replaceAll("_", " ");
  return [reason(`is being closed as ${outcome}, when ${CLOSES_AFTER[closing.waitsFor]}`)];
}

const REVIEW_TEXT: Readonly<Record<ReviewView["state"], string>> = {
  queued: "It waits for its gates to be run.",
  checking: "Its gates are being run on the merged tree.",
  reviewing: "Its gates are green; the refinery reviews it.",
  changes_requested: "It was returned to its author.",
  approved: "It is approved and waits to be merged.",
  merging: "The merge engine has it.",
  merged: "It is merged.",
  withdrawn: "It was withdrawn.",
  needs_person: "A person decides.",
};

function explainReview(review: ReviewView, context: Context): Explanation {
  const text = REVIEW_TEXT[review.state];
  const asks = review.state === "needs_person";
  const own = asks ? decide(review.id) : [];
  const why = asks && review.failure !== null ? [reason(review.failure.message)] : [];
  const run = context.s.runs.find((each) => each.reviewId === review.id);
  if (run) return { ...explainRun(run, context), text, can: own };
  const readiness = reviewReadiness(review, context);
  if (readiness === null) return { text, reasons: why, can: own };
  if ("wait" in readiness)
    return { text, reasons: [reason(readiness.wait.text, readiness.wait.untilAt)], can: own };
  const { stage, resource } = readiness.ready;
  const lane = stage === "merge" ? resource : null;
  const issue = context.issues.get(review.subjectId);
  const need = issue ? needOf(stage, issue, context.s) : NEED[stage];
  const { reasons, can } = forCapacity(need, readiness.rig, lane, context);
  return { text, reasons, can: [...own, ...can] };
}

function explainRun(run: RunView, context: Context): Explanation {
  const { s, runners } = context;
  const runner = runners.get(run.runnerId);
  const where = runner ? ` on runner ${runner.name}` : "";
  const reasons: Reason[] = [];
  if (run.state === "ended")
    reasons.push(reason("it has ended; what follows is being decided", null, run.id));
  else if (run.state === "offered")
    reasons.push(reason(`is offered${where} and not answered yet`, null, run.id));
  else reasons.push(reason(`its run is ${run.state}${where}`, wallAt(run), run.id));
  if (run.stopOrderedAt !== null)
    reasons.push(
      reason("it was told to stop and saves its work", run.stopOrderedAt + s.policy.stopGraceMs),
    );
  if (runner && runner.state !== "connected")
    reasons.push(
      reason(
        `runner ${runner.name} is ${runner.state}; when it is given up, the run is replaced`,
        runner.lastSeenAt + s.policy.runnerLostMs,
        runner.id,
      ),
    );
  reasons.push(...goingReasons(run, context));
  reasons.push(...ladderReasons(run, context));
  const can: Remedy[] =
    run.state === "ended" || run.kind === "merge" || run.stopOrderedAt !== null
      ? []
      : [{ text: "Stop it; its work is saved", command: "run.stop", body: { run: run.id } }];
  return { text: `Its ${run.kind} run is ${run.state}.`, reasons, can };
}

/** Its runner is to be left: when, and what comes of it. */
function goingReasons(run: RunView, context: Context): Reason[] {
  const runner = context.runners.get(run.runnerId);
  if (run.state === "ended" || runner === undefined) return [];
  const why = goingWhy(run, runner);
  if (why === null) return [];
  const then =
    run.kind === "merge" ? "it is left to settle" : "its work is saved, and goes on elsewhere";
  return [reason(`${why}; ${then}`, evictAt(run, context), runner.id)];
}

function goingWhy(run: RunView, runner: RunnerView): string | null {
  if (mustGiveUpKey(run, runner))
    return `runner ${runner.name} may not have the model's key any more`;
  if (!hasRight(runner, NEED[run.kind]))
    return `runner ${runner.name} may not do a ${run.kind} run any more`;
  return isGoing(runner) ? goingWords(runner) : null;
}

/** At which rung of the ladder it is, what comes next and when; or why it is not climbed. */
function ladderReasons(run: RunView, context: Context): Reason[] {
  if (run.stopOrderedAt !== null || (!isAtWork(run) && !isStarting(run))) return [];
  if (isFrozen(run, context)) return [reason("a pause holds: no deadline of it passes")];
  const dueAt = nextRungAt(run, context);
  if (dueAt === null) return [];
  const busy = run.busyUntil !== null && run.busyUntil > context.s.now;
  const waits: Reason[] = busy ? [reason("something slow is under way", run.busyUntil)] : [];
  if (run.repeating !== null) waits.push(reason(`its agent ${repetitionWords(run.repeating)}`));
  return [...waits, reason(nextRungWords(run), dueAt)];
}

function explainConvoy({ members }: ConvoyView): Explanation {
  const open = members.filter((member) => member.status !== "closed");
  return {
    text: `${members.length - open.length} of ${members.length} beads are closed.`,
    reasons: open.map((member) =>
      reason(
        member.status === "failed" ? "has failed: reopen or close it" : `is ${member.status}`,
        null,
        member.id,
      ),
    ),
    can: open
      .filter((member) => member.status === "failed")
      .map((member) => ({
        text: "Try it again",
        command: "bead.reopen",
        body: { bead: member.id },
      })),
  };
}

const RIG_TEXT: Readonly<Record<RigView["state"], string>> = {
  checking: "Agents work on it when its baseline is green.",
  parked: "It is parked: nothing is dispatched.",
  ready: "Agents may work on it.",
};

function explainRig(rig: RigView, context: Context): Explanation {
  const of = rig.state === "checking" ? baselineReasons(rig, context) : openReasons(rig, context);
  return { text: rigText(rig, of), reasons: of, can: rigRemedies(rig, context.s) };
}

function rigText({ state, deletion }: RigView, of: readonly Reason[]): string {
  if (deletion !== null) return "It is being deleted.";
  return state === "ready" && of.length > 0 ? "Its baseline is green." : RIG_TEXT[state];
}

function baselineReasons(rig: RigView, context: Context): Reason[] {
  const { s } = context;
  const gate = gateOf(rig, NEED.baseline, s);
  if (gate) return [reason(gate.text, gate.untilAt)];
  const run = s.runs.find(({ kind, rigId }) => kind === "baseline" && rigId === rig.id);
  if (run) return explainRun(run, context).reasons;
  if (rig.backOffUntil !== null && rig.backOffUntil > s.now)
    return [reason("waits before the next try", rig.backOffUntil)];
  if (isObserved(s)) return [reason(OBSERVING, s.observingUntil)];
  return forCapacity(NEED.baseline, rig, laneResource(rig.id, rig.target), context).reasons;
}

/** Of its polecats, refineries and landings: what holds each of them up, once. */
function openReasons(rig: RigView, { s }: Context): Reason[] {
  const needs = [
    NEED.work,
    ...(rig.codeReview ? [NEED.review] : []),
    ...(rig.delivery !== "none" ? [NEED.merge] : []),
  ];
  const gates = needs.flatMap((need) => gateOf(rig, need, s) ?? []);
  const once = new Map(gates.map((gate) => [gate.text, reason(gate.text, gate.untilAt)]));
  const full = new Capacity(s).fullness(NEED.work, rig);
  return once.size > 0 || full === null ? [...once.values()] : [reason(full)];
}

/** Ready by itself: what of the town holds it up. */
function forCapacity(
  need: Need,
  rig: RigView,
  lane: string | null,
  { s, busyResources }: Context,
): Explanation {
  const can: Remedy[] = rigRemedies(rig, s);
  const gate = gateOf(rig, need, s);
  if (gate)
    return { text: "It is ready.", reasons: [reason(gate.text, gate.untilAt, rig.id)], can };
  if (lane !== null && busyResources.has(lane))
    return {
      text: "It is ready.",
      reasons: [reason("waits for the lane of its target: another landing holds it")],
      can,
    };
  const full = new Capacity(s).fullness(need, rig);
  const text = full ?? "is about to be started";
  return { text: "It is ready.", reasons: [reason(text)], can };
}

function reason(text: string, untilAt: number | null = null, on: string | null = null): Reason {
  return { text, untilAt, on };
}

function told(text: string, reasons: Reason[]): Explanation {
  return { text, reasons, can: [] };
}
