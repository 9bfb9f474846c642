/** Whether a bead or review waits for nothing but capacity, or for what of its own. */
import type { Wait } from "../../protocol/index.ts";
import { baseHolds, landingOf } from "../model/delivery.ts";
import { roundsUsedUp } from "../model/rounds.ts";
import { beadResource, laneOf, type Context } from "./context.ts";
import { exhaustion, withdraws } from "./limits/exhaustion.ts";
import { policyOf } from "./policy-of.ts";
import { savedWait } from "./saved/saved-work.ts";
import { beadOverspent } from "./limits/costs.ts";
import { pauseWords } from "./limits/pauses.ts";
import type { BlockerView, IssueView, ReviewView, RigView, Snapshot } from "./snapshot.ts";
import {
  HANDED_NEED,
  NEED,
  PRIORITY_RANK,
  STAGE,
  WITHDRAWING_NEED,
  type Need,
  type Ready,
  type Stage,
} from "./stages.ts";

export const PERSON_DECIDES = "a person decides its review";
export const WAITS_FOR_ANSWER = "waits for the answer to its question";

export type Readiness = { ready: Ready; rig: RigView } | { wait: Omit<Wait, "rule"> };

/** Of an open bead. */
export function issueReadiness(issue: IssueView, context: Context): Readiness {
  const { s } = context;
  const rig = context.rigs.get(issue.rigId);
  if (!rig) return wait("its rig is gone; close it");
  const kept = keptBack(issue) ?? pausedConvoy(issue, s);
  if (kept) return wait(kept);
  if (exhaustion(issue, s) !== null)
    return wait(
      "has used up its tries: it is made sure first that a merge that was cut off lands nothing",
    );
  if (issue.parked) return wait(`parked: ${issue.parked.message} Mend it, then resume this bead`);
  // What a person gave back is taken up without a model.
  const overspent = issue.taken?.given ? null : beadOverspent(issue, s);
  if (overspent) return wait(overspent);
  const [blocked] = unmetBlockers(issue, rig);
  if (blocked) return wait(blocked.text);
  const review = issue.reviewId ? context.reviews.get(issue.reviewId) : undefined;
  if (review?.state === "merging") return wait("it is looked at what a merge that was cut off did");
  if (
    review &&
    (review.state === "needs_person" || roundsUsedUp(review.latest, policyOf(s, rig.id).roundsMax))
  )
    return wait(PERSON_DECIDES);
  const ungated = mergesUngated(issue, rig);
  if (ungated) return wait(ungated);
  const question = issue.asked.find((each) => each.state === "open" && each.blocking);
  if (question) return wait(WAITS_FOR_ANSWER, question.deadlineAt);
  if (issue.backOffUntil !== null && issue.backOffUntil > s.now)
    return wait("waits before the next attempt", issue.backOffUntil);
  if (context.busyResources.has(beadResource(issue.id)))
    return wait("waits for its last run to end");
  const away = savedWait(issue, rig, s);
  if (away) return { wait: away };
  return { rig, ready: entry(issue.id, issue, "work", rig) };
}

/** Nothing is merged into a target without gates unless that was confirmed. */
export function mergesUngated(issue: IssueView, rig: RigView): string | null {
  const gated = rig.gates.length + issue.checks.length > 0 || rig.directMergeConfirmed;
  return gated || landingOf(issue, rig).delivery !== "merge"
    ? null
    : `rig ${rig.name} has no gates: confirm merging without them, or choose another delivery`;
}

/** By a person's word. */
function keptBack(issue: IssueView): string | null {
  if (issue.closing !== null) return "is being closed";
  if (issue.taken?.given === null)
    return "a person works on it: `gastown give` returns it to the town";
  if (issue.staged && issue.molecule) return "its molecule is staged: start the molecule";
  if (issue.staged) return "its convoy is staged: start the convoy";
  if (issue.archived) return "is archived: take it out of the archive to have it worked on";
  return issue.held ? "is held: release it to have it worked on" : null;
}

function pausedConvoy({ convoyId }: IssueView, { pauses }: Snapshot): string | null {
  const pause = convoyId === null ? undefined : pauses.get(convoyId);
  return pause ? pauseWords("its convoy", pause) : null;
}

const STAGE_OF = { queued: "check", reviewing: "review", approved: "merge" } as const;

/** Of a bead that ends nothing is started, but what makes sure that a lost merge cannot land any more. */
function stageOf(review: ReviewView, isEnding: boolean): Stage | null {
  if (!isEnding) return STAGE_OF[review.state as keyof typeof STAGE_OF] ?? null;
  return review.laneOpen && review.state !== "merging" && review.state !== "checking"
    ? "merge"
    : null;
}

/** Of a review; null when its state has nothing to be started. */
export function reviewReadiness(review: ReviewView, context: Context): Readiness | null {
  const issue = context.issues.get(review.subjectId);
  const rig = context.rigs.get(review.rigId);
  if (!issue || !rig) return null;
  const isEnding = withdraws(issue, context.s);
  const stage = stageOf(review, isEnding);
  if (stage === null) return null;
  if (issue.held && !isEnding) return wait("its bead is held: release it to go on");
  const paused = pausedConvoy(issue, context.s);
  if (paused && !isEnding) return wait(paused);
  const ungated = stage === "merge" && !isEnding ? mergesUngated(issue, rig) : null;
  if (ungated) return wait(ungated);
  // Gates and merges spend nothing: only the refinery waits for money.
  const overspent = stage === "review" ? beadOverspent(issue, context.s) : null;
  if (overspent) return wait(overspent);
  if (review.backOffUntil !== null && review.backOffUntil > context.s.now)
    return wait("waits before the next try", review.backOffUntil);
  const busy = (stage !== "merge" || isEnding) && context.busyResources.has(beadResource(issue.id));
  return busy ? null : { rig, ready: entry(review.id, issue, stage, rig) };
}

/** What the run asks for that a stage of a bead begins with. */
export function needOf(stage: Stage, issue: IssueView, s: Snapshot): Need {
  if (stage === "work" && issue.taken !== null) return HANDED_NEED;
  return stage === "merge" && withdraws(issue, s) ? WITHDRAWING_NEED : NEED[stage];
}

function entry(subjectId: string, issue: IssueView, stage: Stage, rig: RigView): Ready {
  return {
    subjectId,
    stage,
    rigId: rig.id,
    resource: stage === "merge" ? laneOf(issue, rig) : beadResource(issue.id),
    rank: PRIORITY_RANK[issue.priority],
    age: issue.id,
  };
}

/** The total order of the ready index. */
export function readyOrder(a: Ready, b: Ready): number {
  return (
    STAGE[a.stage] - STAGE[b.stage] ||
    a.rank - b.rank ||
    (a.age < b.age ? -1 : Number(a.age > b.age))
  );
}

export function sameReady(a: Ready | null, b: Ready | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.stage === b.stage && a.resource === b.resource && a.rigId === b.rigId && a.rank === b.rank
  );
}

function wait(text: string, untilAt: number | null = null): Readiness {
  return { wait: { text, untilAt } };
}

/** A blocker counts when its landing is in this bead's base, or when it needed none. Those that do not, and why. */
export function unmetBlockers(issue: IssueView, rig: RigView): Unmet[] {
  return issue.blockers.flatMap((blocker) => {
    const text = unmet(blocker, issue, rig);
    const isLost = blocker.status === "failed" || blocker.status === "closed";
    return text === null ? [] : [{ on: blocker.id, text, isLost }];
  });
}

interface Unmet {
  on: string;
  text: string;
  /** It will not land here by itself. */
  isLost: boolean;
}

function unmet(blocker: BlockerView, issue: IssueView, rig: RigView): string | null {
  const ownBranch = issue.landing ? null : issue.convoyBranch;
  if (blocker.status === "failed")
    return `waits for “${blocker.title}”, which has failed: reopen or close it`;
  if (blocker.status !== "closed") return `waits for “${blocker.title}” to land`;
  if (blocker.outcome !== "landed" || baseHolds(blocker.landedOn, rig.target, ownBranch))
    return null;
  return `“${blocker.title}” landed on ${blocker.landedOn ?? "another branch"}, which is not in this bead's base`;
}
