import { branchOf } from "../../../model/delivery.ts";
import type { FactOf } from "../../../../protocol/index.ts";
import type { Context, Rule } from "../../context.ts";
import type { Action, Step } from "../../plan.ts";
import type { ReviewView, RunView } from "../../snapshot.ts";
import { redFeedback, redTitle, retryReview, returnForRework } from "../../rework.ts";

/** Proof from git closes the bead; a conflict or red gates go back; all else is tried again. */
export const settleMerge: Rule<RunView> = {
  id: "review/settle-merge",
  why: "the merge run has ended",
  decide(run, context): Step | null {
    const review = run.reviewId ? context.reviews.get(run.reviewId) : undefined;
    if (!review || review.state !== "merging") return null;
    const result = run.result;
    const reviewed = context.issues.get(review.subjectId)?.state === "in_review";
    let actions: Action[];
    if (result?.kind === "landed" && result.headOid === review.headOid)
      actions = landed(review, result, reviewed);
    else if (
      result?.kind === "not_landed" &&
      (result.code === "conflict" || result.code === "gates_red")
    )
      actions = returned(review, result, reviewed);
    else actions = again(review, run, context);
    return {
      rule: this.id,
      key: review.id,
      expect: [
        { table: "run", id: run.id, state: "ended" },
        { table: "review", id: review.id, state: "merging" },
      ],
      actions: [{ do: "settle_run", runId: run.id }, ...actions],
    };
  },
};

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

function again(review: ReviewView, run: RunView, { s }: Context): Action[] {
  const message = run.result?.kind === "not_landed" ? run.result.message : run.reason?.message;
  return [
    {
      do: "move_review",
      reviewId: review.id,
      event: "merge_retry",
      runId: null,
      text: `the merge ended as ${run.outcome ?? "lost"}${message ? `: ${message}` : ""}; it is tried again`,
    },
    retryReview(review, run, s),
  ];
}
