import { branchOf, landingOf } from "../../../model/delivery.ts";
import type { FactOf } from "../../../../protocol/index.ts";
import type { Context, Rule } from "../../context.ts";
import type { Action, Step } from "../../plan.ts";
import type { IssueView, ReviewView, RigView, RunView } from "../../snapshot.ts";
import {
  isUndecided,
  isUsedUp,
  mergeLost,
  redFeedback,
  redTitle,
  retryReview,
  returnForRework,
} from "../../rework.ts";

/** Proof from git closes the bead; a conflict or red gates go back; all else is tried again. */
export const settleMerge: Rule<RunView> = {
  id: "review/settle-merge",
  why: "the merge run has ended",
  decide(run, context): Step | null {
    const review = run.reviewId ? context.reviews.get(run.reviewId) : undefined;
    if (!review || review.state !== "merging") return null;
    const result = run.result;
    const rig = context.rigs.get(review.rigId);
    const issue = context.issues.get(review.subjectId);
    // A bead that is being closed may have been returned before: what has landed of it has landed.
    const returnedBefore = run.withdraws && issue?.state === "open";
    const reviewed = issue?.state === "in_review" || returnedBefore;
    let actions: Action[];
    if (result?.kind === "landed" && result.headOid === review.headOid)
      actions = [...landed(review, result, reviewed), ...proved(rig, result)];
    else if (result?.kind === "not_landed" && result.code === "withdrawn")
      actions = [withdrawn(review, result, issue)];
    else if (result?.kind === "not_landed" && isReturned(result, rig))
      actions = returned(review, result, reviewed);
    // Of a bead that is being closed nobody approves anything: what makes sure that nothing lands is tried again.
    else if (result?.kind === "not_landed" && result.code === "refused" && !run.withdraws)
      actions = refused(this.id, review, result);
    else
      actions = [
        ...again(review, run, issue, context),
        ...unsettled(this.id, run, review, issue, context),
      ];
    return {
      rule: this.id,
      key: review.id,
      expect: [
        { table: "run", id: run.id, state: "ended" },
        { table: "review", id: review.id, state: "merging" },
      ],
      actions: [
        { do: "settle_run", runId: run.id },
        ...actions,
        ...lane(review, run, mayLandBeside(issue, rig)),
      ],
    };
  },
};

/** The lane was advanced before one of these: an engine that was cut off cannot push any more. */
const LANE_TAKEN: ReadonlySet<string> = new Set(["conflict", "gates_red", "withdrawn"]);

/** An engine that met a changed checkout goes to the branch beside the target, whose lane only a withdrawal takes too. */
function mayLandBeside(issue: IssueView | undefined, rig: RigView | undefined): boolean {
  return !issue || !rig || landingOf(issue, rig).delivery === "merge";
}

/** Whether a merge of the review may still land, or has, after this run: its push may be under way, or its answer lost. */
function lane(review: ReviewView, { outcome, result }: RunView, beside: boolean): Action[] {
  const known = result?.kind === "landed" || result?.kind === "not_landed";
  const cutOff = !known && outcome !== "rejected";
  const unknown = result?.kind === "not_landed" && result.code === "infrastructure";
  const took =
    result?.kind === "not_landed" &&
    LANE_TAKEN.has(result.code) &&
    (!beside || result.code === "withdrawn");
  const taken = result?.kind === "landed" || took;
  const open = cutOff || unknown || (review.laneOpen && !taken);
  return open === review.laneOpen ? [] : [{ do: "mark_lane", reviewId: review.id, open }];
}

function withdrawn(
  review: ReviewView,
  { message }: FactOf<"not_landed">,
  issue: IssueView | undefined,
): Action {
  return {
    do: "move_review",
    reviewId: review.id,
    event: mergeLost(issue),
    runId: null,
    text: message,
  };
}

/** Whether the author has something to do: not before it is known that the target itself is green. */
function isReturned(result: FactOf<"not_landed">, rig: RigView | undefined): boolean {
  if (result.code === "conflict") return true;
  return result.code === "gates_red" && !isUndecided(result, rig);
}

/** What our own merge made of the target is known to be green. */
function proved(rig: RigView | undefined, { proof }: FactOf<"landed">): Action[] {
  if (!rig || proof.method !== "merge" || branchOf(proof.ref) !== rig.target) return [];
  return [{ do: "prove_target", rigId: rig.id, oid: proof.mergeOid }];
}

/** A bead that ends waits for a withdrawal: when that cannot be made for long, somebody must look why. */
function unsettled(
  rule: string,
  run: RunView,
  review: ReviewView,
  issue: IssueView | undefined,
  { s }: Context,
): Action[] {
  if (!run.withdraws || !issue || !isUsedUp(review, s)) return [];
  const why = run.result?.kind === "not_landed" ? run.result.message : run.reason?.message;
  return [
    {
      do: "escalate",
      title: `Has it landed? ${issue.title}`.slice(0, 200),
      body: `A merge of it was cut off, and it cannot be made sure that nothing of it lands: ${why ?? "the run was lost"} It is tried on; until then the bead does not end.`,
      severity: "high",
      rule,
      subjectId: issue.id,
      holdsWhile: ["open", "in_review"],
      rigId: issue.rigId,
    },
  ];
}

/** The remote takes it from nobody until a person has looked: another try would end the same way. */
function refused(rule: string, review: ReviewView, { message }: FactOf<"not_landed">): Action[] {
  return [
    {
      do: "move_review",
      reviewId: review.id,
      event: "capped",
      runId: null,
      failure: { code: "landing_refused", message, source: rule },
      text: `needs a person: ${message}`,
    },
    {
      do: "escalate",
      title: "A landing was refused",
      body: `${message} Mend it, then approve the review: it is landed then.`,
      severity: "high",
      rule,
      subjectId: review.id,
      rigId: review.rigId,
    },
  ];
}

/** @param reviewed whether the bead still is where its review left it; if not, only the proof is kept */
function landed(review: ReviewView, result: FactOf<"landed">, reviewed: boolean): Action[] {
  const { ref, mergeOid } = result.proof;
  const text = `landed on ${branchOf(ref)} as ${mergeOid.slice(0, 10)}`;
  const kept: Action = {
    do: "move_review",
    reviewId: review.id,
    event: "merge_landed",
    runId: null,
    proof: result.proof,
    hint: result.hint,
    text,
  };
  if (!reviewed) return [kept];
  return [
    kept,
    {
      do: "move_issue",
      beadId: review.subjectId,
      event: "landed",
      runId: null,
      outcome: "landed",
      landed: { on: ref, oid: mergeOid },
      text,
    },
  ];
}

function returned(review: ReviewView, result: FactOf<"not_landed">, reviewed: boolean): Action[] {
  const why = redTitle(result);
  return [
    { do: "record_round", reviewId: review.id, gates: result.gates, feedback: redFeedback(result) },
    {
      do: "move_review",
      reviewId: review.id,
      event: "merge_returned",
      runId: null,
      text: `not landed: ${why}`,
    },
    ...(reviewed ? returnForRework(review, why) : []),
  ];
}

function again(
  review: ReviewView,
  run: RunView,
  issue: IssueView | undefined,
  { s }: Context,
): Action[] {
  const message = run.result?.kind === "not_landed" ? run.result.message : run.reason?.message;
  return [
    {
      do: "move_review",
      reviewId: review.id,
      event: mergeLost(issue),
      runId: null,
      text: `the merge ended as ${run.outcome ?? "lost"}${message ? `: ${message}` : ""}; it is tried again`,
    },
    retryReview(review, run, s),
  ];
}
