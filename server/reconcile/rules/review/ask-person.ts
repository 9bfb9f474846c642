import type { Rule } from "../../context.ts";
import type { ReviewView } from "../../snapshot.ts";

/** Tries of one step, and rounds, are capped: then a person decides, and is told. */
export const askPerson: Rule<ReviewView> = {
  id: "review/ask-person",
  why: "the review used up its tries or rounds",
  decide(review, { s }) {
    const rounds = review.latest?.round ?? 1;
    const why =
      review.state === "changes_requested"
        ? `${rounds} rounds ended with changes requested`
        : `${review.tries} tries of this step did not succeed`;
    return {
      rule: this.id,
      key: review.id,
      expect: [{ table: "review", id: review.id, state: review.state }],
      actions: [
        {
          do: "move_review",
          reviewId: review.id,
          event: "capped",
          runId: null,
          failure: { code: "review_capped", message: why, source: this.id },
          text: `needs a person: ${why}`,
        },
        {
          do: "escalate",
          title: "A review needs you",
          body: `${why} (at most ${review.state === "changes_requested" ? s.policy.roundsMax : s.policy.reviewTriesMax}). Approve it or return it with feedback.`,
          severity: "high",
          rule: this.id,
          subjectId: review.id,
          rigId: review.rigId,
        },
      ],
    };
  },
};
