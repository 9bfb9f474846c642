import { expect, test } from "bun:test";
import {
  actionsOf,
  issue,
  review,
  rig,
  snapshot,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const steps = (codeReview: boolean) => {
  const issues = [issue({ state: "in_review", reviewId: "mr_1" })];
  const reviews = [review({ state: "reviewing" })];
  const plan = reconcile(snapshot({ issues, reviews, rigs: [rig({ codeReview })] }));
  return stepsOf(plan, "review/approve-unreviewed");
};

test("[review/approve-unreviewed] [SC-REVIEW-6] green gates are enough where the rig asks for no review", () => {
  expect(actionsOf(steps(false), "move_review")[0]?.event).toBe("review_approved");
  expect(steps(true)).toEqual([]);
});
