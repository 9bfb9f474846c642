/**
 * Why something is where it is: told from the same predicates that decide, never from a text kept beside them. Pure: what
 * it reads is in the snapshot of the subject.
 */
import { Capacity } from "./capacity.ts";
import { indexSnapshot, type Context } from "./context.ts";
import { gateOf } from "./gates.ts";
import { repetitionWords } from "../model/ladder.ts";
import { isAtWork, isStarting, nextRungAt, nextRungWords } from "./limits/ladder.ts";
import { isFrozen, wallAt } from "./limits/pauses.ts";
import { issueReadiness, reviewReadiness, unmetBlockers } from "./readiness.ts";
import type { ConvoyView, IssueView, ReviewView, RigView, RunView, Snapshot } from "./snapshot.ts";
import type { SlotClass } from "./stages.ts";

/** One thing that is waited for. */
export interface Reason {
  text: string;
  untilAt: number | null;
  /** The object that is waited for, where it is one. */
  on: string | null;
}

/** What a person could do about it: a command with its body. */
export interface Remedy {
  text: string;
  command: string;
  body: Record<string, unknown>;
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
  if (issue) return explainIssue(issue, context);
  const review = context.reviews.get(id);
  if (review) return explainReview(review, context);
  const run = snapshot.runs.find((each) => each.id === id);
  if (run) return explainRun(run, context);
  const convoy = snapshot.convoys.find((each) => each.id === id);
  return convoy ? explainConvoy(convoy) : null;
}

function explainIssue(issue: IssueView, context: Context): Explanation {
  const rig = context.rigs.get(issue.rigId);
  const review = issue.reviewId ? context.reviews.get(issue.reviewId) : undefined;
  if (issue.state === "in_review" && review) {
    const of = explainReview(review, context);
    return { ...of, text: `Its work is in review. ${of.text}` };
  }
  const run = context.s.runs.find((each) => each.resource === `bead:${issue.id}`);
  if (issue.state === "in_progress" && run) {
    const of = explainRun(run, context);
    return { ...of, text: `A polecat works on it. ${of.text}` };
  }
  if (!rig) return told("Its rig is gone.", [reason("its rig is gone; close it")]);
  const can = remedies(issue, review, rig, context.s);
  const blockers = unmetBlockers(issue, rig).map(({ text, on }) => reason(text, null, on));
  const readiness = issueReadiness(issue, context);
  if ("wait" in readiness) {
    const { text, untilAt } = readiness.wait;
    const first = blockers.length > 0 ? [] : [reason(text, untilAt)];
    return { text: "It is open and cannot be started yet.", reasons: [...first, ...blockers], can };
  }
  return { ...forCapacity("agent", rig, null, context), can };
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
  const decide: Remedy[] =
    review.state === "needs_person"
      ? ["approve", "request_changes"].map((verdict) => ({
          text: verdict === "approve" ? "Approve it" : "Send it back with words",
          command: "review.decide",
          body: { review: review.id, verdict },
        }))
      : [];
  const run = context.s.runs.find((each) => each.reviewId === review.id);
  if (run) return { ...explainRun(run, context), text, can: decide };
  const readiness = reviewReadiness(review, context);
  if (readiness === null) return { text, reasons: [], can: decide };
  if ("wait" in readiness)
    return { text, reasons: [reason(readiness.wait.text, readiness.wait.untilAt)], can: decide };
  const slot: SlotClass = review.state === "reviewing" ? "agent" : "code";
  const lane = review.state === "approved" ? readiness.ready.resource : null;
  const { reasons, can } = forCapacity(slot, readiness.rig, lane, context);
  return { text, reasons, can: [...decide, ...can] };
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
  reasons.push(...ladderReasons(run, context));
  const can: Remedy[] =
    run.state === "ended" || run.kind === "merge" || run.stopOrderedAt !== null
      ? []
      : [{ text: "Stop it; its work is saved", command: "run.stop", body: { run: run.id } }];
  return { text: `Its ${run.kind} run is ${run.state}.`, reasons, can };
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

/** Ready by itself: what of the town holds it up. */
function forCapacity(
  slot: SlotClass,
  rig: RigView,
  lane: string | null,
  { s, busyResources }: Context,
): Explanation {
  const can: Remedy[] = rigRemedies(rig, s);
  const gate = gateOf(rig, slot, s);
  if (gate)
    return { text: "It is ready.", reasons: [reason(gate.text, gate.untilAt, rig.id)], can };
  if (lane !== null && busyResources.has(lane))
    return {
      text: "It is ready.",
      reasons: [reason("waits for the lane of its target: another landing holds it")],
      can,
    };
  const full = new Capacity(s).fullness(slot, rig);
  const text = full ?? "is about to be started";
  return { text: "It is ready.", reasons: [reason(text)], can };
}

function remedies(
  issue: IssueView,
  review: ReviewView | undefined,
  rig: RigView,
  s: Snapshot,
): Remedy[] {
  const can: Remedy[] = [];
  if (issue.held)
    can.push({ text: "Release it", command: "bead.release", body: { bead: issue.id } });
  if (issue.parked)
    can.push({ text: "Try it again", command: "bead.resume", body: { bead: issue.id } });
  if (issue.convoyId !== null && s.pauses.has(issue.convoyId))
    can.push({
      text: "Resume its convoy",
      command: "convoy.resume",
      body: { convoy: issue.convoyId },
    });
  if (review?.state === "needs_person")
    can.push({
      text: "Decide its review",
      command: "review.decide",
      body: { review: review.id, verdict: "approve" },
    });
  for (const blocker of issue.blockers)
    if (blocker.status === "failed")
      can.push({
        text: `Try “${blocker.title}” again`,
        command: "bead.reopen",
        body: { bead: blocker.id },
      });
  return [...can, ...rigRemedies(rig, s)];
}

function rigRemedies(rig: RigView, s: Snapshot): Remedy[] {
  const can: Remedy[] = [];
  if (rig.state === "parked")
    can.push({
      text: "Run the rig's baseline again",
      command: "rig.recheck",
      body: { rig: rig.id },
    });
  if (s.pauses.has("town")) can.push({ text: "Resume the town", command: "town.resume", body: {} });
  if (s.pauses.has(rig.id))
    can.push({ text: "Resume the rig", command: "rig.resume", body: { rig: rig.id } });
  if (s.breaker.state !== "closed")
    can.push({ text: "Close the breaker", command: "breaker.reset", body: {} });
  if (s.modelMissing || s.providers.get("agents")?.state === "refused")
    can.push({ text: "Set the model up", command: "model.set", body: {} });
  return can;
}

function reason(text: string, untilAt: number | null = null, on: string | null = null): Reason {
  return { text, untilAt, on };
}

function told(text: string, reasons: Reason[]): Explanation {
  return { text, reasons, can: [] };
}
