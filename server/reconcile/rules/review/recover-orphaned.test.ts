import { expect, test } from "bun:test";
import {
  actionsOf,
  issue,
  review,
  run,
  snapshot,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const issues = [issue({ state: "in_review", reviewId: "mr_1" })];

test.each([
  ["checking", "check_impossible", "check"],
  ["merging", "merge_retry", "merge"],
] as const)(
  "[review/recover-orphaned] a %s review that no run serves is tried again",
  (state, event, kind) => {
    const reviews = [review({ state })];
    const steps = stepsOf(reconcile(snapshot({ issues, reviews })), "review/recover-orphaned");
    expect(actionsOf(steps, "move_review")[0]?.event).toBe(event);
    expect(actionsOf(steps, "retry_review")[0]?.as).toBe("infra");
    // A merge that was lost sight of may still land.
    expect(actionsOf(steps, "mark_lane").map(({ open }) => open)).toEqual(
      state === "merging" ? [true] : [],
    );
    const runs = [run({ kind, reviewId: "mr_1" })];
    const plan = reconcile(snapshot({ issues, reviews, runs }));
    expect(stepsOf(plan, "review/recover-orphaned")).toEqual([]);
  },
);

test("[review/recover-orphaned] a withdrawal that no run serves approves nothing of a bead that was returned before", () => {
  const open = [issue({ state: "open", reviewId: "mr_1" })];
  const reviews = [review({ state: "merging" })];
  const steps = stepsOf(reconcile(snapshot({ issues: open, reviews })), "review/recover-orphaned");
  expect(actionsOf(steps, "move_review")[0]?.event).toBe("withdraw_ended");
});
