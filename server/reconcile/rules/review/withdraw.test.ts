import { expect, test } from "bun:test";
import { issue, review, snapshot, stepsOf } from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const RULE = "review/withdraw";

test("[review/withdraw] [SC-REVIEW-7] a review whose bead is closed, failed or in another cycle is withdrawn", () => {
  const reviews = [review()];
  expect(stepsOf(reconcile(snapshot({ reviews })), RULE)).toHaveLength(1);
  const reopened = [issue({ cycle: 2, reviewId: null })];
  expect(stepsOf(reconcile(snapshot({ reviews, issues: reopened })), RULE)).toHaveLength(1);
});

test("[review/withdraw] the review of a bead in work stays", () => {
  const issues = [issue({ state: "in_review", reviewId: "mr_1" })];
  expect(stepsOf(reconcile(snapshot({ reviews: [review()], issues })), RULE)).toEqual([]);
});

test("[review/withdraw] a merge under way is left to settle", () => {
  const plan = reconcile(snapshot({ reviews: [review({ state: "merging" })] }));
  expect(stepsOf(plan, RULE)).toEqual([]);
});
