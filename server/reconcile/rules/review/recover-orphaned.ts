import type { Rule } from "../../context.ts";
import { mergeLost, retryReview } from "../../rework.ts";
import type { ReviewView } from "../../snapshot.ts";

/** A step is under way but no run does it: whatever lost the run, the review must not stand still. */
export const recoverReview: Rule<ReviewView> = {
  id: "review/recover-orphaned",
  why: "the gates or the merge are under way but no run does them",
  decide(review, { s, issues }) {
    return {
      rule: this.id,
      key: review.id,
      expect: [{ table: "review", id: review.id, state: review.state }],
      actions: [
        {
          do: "move_review",
          reviewId: review.id,
          event:
            review.state === "merging"
              ? mergeLost(issues.get(review.subjectId))
              : "check_impossible",
          runId: null,
          text: "no run does this step any more; it is tried again",
        },
        retryReview(review, null, s),
        // Whatever became of its run: what it pushed may have landed, or may still.
        ...(review.state === "merging" && !review.laneOpen
          ? [{ do: "mark_lane" as const, reviewId: review.id, open: true }]
          : []),
      ],
    };
  },
};
