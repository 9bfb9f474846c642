import type { Rule } from "../../context.ts";
import type { ReviewView } from "../../snapshot.ts";

/** A review of a bead that is closed or failed has nothing left to decide. */
export const withdraw: Rule<ReviewView> = {
  id: "review/withdraw",
  why: "the bead under review is closed or has failed",
  decide(review) {
    return {
      rule: this.id,
      key: review.id,
      expect: [{ table: "review", id: review.id, state: review.state }],
      actions: [
        {
          do: "move_review",
          reviewId: review.id,
          event: "source_terminal",
          runId: null,
          text: "withdrawn: its bead is no longer in review",
        },
      ],
    };
  },
};
