import type { FactOf } from "../../../../protocol/index.ts";
import type { Context, Rule } from "../../context.ts";
import { providerActions } from "../../limits/provider.ts";
import type { Action, Step } from "../../plan.ts";
import type { ReviewView, RunView } from "../../snapshot.ts";
import { retryReview, returnForRework } from "../../rework.ts";

/** The refinery's verdict decides; a review run that ended without one is tried again, then a person asked. */
export const settleVerdict: Rule<RunView> = {
  id: "review/settle-verdict",
  why: "the review run has ended",
  decide(run, context): Step | null {
    const review = run.reviewId ? context.reviews.get(run.reviewId) : undefined;
    if (!review || review.state !== "reviewing") return null;
    const result =
      run.result?.kind === "verdict" && run.result.headOid === review.headOid ? run.result : null;
    return {
      rule: this.id,
      key: review.id,
      expect: [
        { table: "run", id: run.id, state: "ended" },
        { table: "review", id: review.id, state: "reviewing" },
      ],
      actions: [
        { do: "settle_run", runId: run.id },
        ...(result ? decided(this.id, review, run, result) : again(review, run, context)),
        ...providerActions(run, context.s),
      ],
    };
  },
};

function decided(
  rule: string,
  review: ReviewView,
  run: RunView,
  result: FactOf<"verdict">,
): Action[] {
  const record: Action = {
    do: "record_round",
    reviewId: review.id,
    verdict: result.verdict,
    feedback: result.summary,
    comments: result.comments,
    reviewerRunId: run.id,
  };
  const line = (result.summary.split("\n", 1)[0] ?? "").slice(0, 200);
  switch (result.verdict) {
    case "approve":
      return [
        record,
        {
          do: "move_review",
          reviewId: review.id,
          event: "review_approved",
          runId: null,
          text: `approved: ${line}`,
        },
      ];
    case "request_changes":
      return [
        record,
        {
          do: "move_review",
          reviewId: review.id,
          event: "review_returned",
          runId: null,
          text: `changes requested: ${line}`,
        },
        ...returnForRework(review, line),
      ];
    case "cannot_decide":
      return [
        record,
        {
          do: "move_review",
          reviewId: review.id,
          event: "review_undecided",
          runId: null,
          failure: { code: "cannot_decide", message: line, source: rule },
          text: `needs a person: ${line}`,
        },
        {
          do: "escalate",
          title: "The refinery cannot decide a review",
          body: result.summary,
          severity: "medium",
          rule,
          subjectId: review.id,
          rigId: review.rigId,
        },
      ];
  }
}

function again(review: ReviewView, run: RunView, { s }: Context): Action[] {
  return [
    {
      do: "move_review",
      reviewId: review.id,
      event: "review_lost",
      runId: null,
      text: `the review run ended as ${run.outcome ?? "lost"}${run.reason ? `: ${run.reason.message}` : ""}`,
    },
    retryReview(review, run, s),
  ];
}
