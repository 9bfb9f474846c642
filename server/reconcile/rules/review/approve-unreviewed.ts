import type { Rule } from "../../context.ts";
import type { ReviewView } from "../../snapshot.ts";

/** Where the rig asks for no code review, or everything has been reviewed before, green gates are enough. */
export const approveUnreviewed: Rule<ReviewView> = {
  id: "review/approve-unreviewed",
  why: "nobody need review it",
  decide(review) {
    return {
      rule: this.id,
      key: review.id,
      expect: [{ table: "review", id: review.id, state: "reviewing" }],
      actions: [
        {
          do: "move_review",
          reviewId: review.id,
          event: "review_approved",
          text: "approved: gates are green and no review is asked for",
        },
      ],
    };
  },
};
