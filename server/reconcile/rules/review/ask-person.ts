import type { Rule } from "../../context.ts";
import { policyOf } from "../../policy-of.ts";
import type { ReviewView, Snapshot } from "../../snapshot.ts";

/** Tries of one step, and rounds, are capped: then a person decides, and is told. */
export const askPerson: Rule<ReviewView> = {
  id: "review/ask-person",
  why: "the review used up its tries or rounds",
  decide(review, { s }) {
    const rounds = review.latest?.round ?? 1;
    const why = reasonOf(review, rounds, s);
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
          body: `${why}. Approve it or return it with feedback.`,
          severity: "high",
          rule: this.id,
          subjectId: review.id,
          rigId: review.rigId,
        },
      ],
    };
  },
};

function reasonOf(review: ReviewView, rounds: number, s: Snapshot): string {
  const policy = policyOf(s, review.rigId);
  if (review.state === "changes_requested")
    return `${rounds} rounds ended with changes requested (at most ${policy.roundsMax})`;
  if (review.tries >= policy.reviewTriesMax)
    return `${review.tries} tries of this step did not succeed (at most ${policy.reviewTriesMax})`;
  const hours = Math.round((s.now - (review.infraSince ?? s.now)) / 3_600_000);
  return `infrastructure has failed this step ${review.infraTries} times in ${hours} hours`;
}
