import { expect, test } from "bun:test";
import type { FactOf } from "../../../../protocol/index.ts";
import {
  actionsOf,
  HEAD,
  issue,
  review,
  run,
  snapshot,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const RULE = "review/settle-verdict";
const settled = (change: Parameters<typeof run>[0]) => {
  const runs = [
    run({ kind: "review", state: "ended", outcome: "done", reviewId: "mr_1", ...change }),
  ];
  const reviews = [review({ state: "reviewing" })];
  const issues = [issue({ state: "in_review", reviewId: "mr_1" })];
  return stepsOf(reconcile(snapshot({ runs, reviews, issues })), RULE);
};
const verdict = (said: FactOf<"verdict">["verdict"], headOid = HEAD): FactOf<"verdict"> => ({
  kind: "verdict",
  headOid,
  verdict: said,
  summary: "Name the test.\nIt has none.",
  comments: [{ file: "a.ts", line: 3, body: "here" }],
});

test("[review/settle-verdict] approval approves", () => {
  const steps = settled({ result: verdict("approve") });
  expect(actionsOf(steps, "move_review")[0]?.event).toBe("review_approved");
});

test("[review/settle-verdict] requested changes go back with summary and comments", () => {
  const steps = settled({ result: verdict("request_changes") });
  expect(actionsOf(steps, "move_review")[0]?.event).toBe("review_returned");
  expect(actionsOf(steps, "record_round")[0]).toMatchObject({
    reviewerRunId: "rn_1",
    comments: [{ file: "a.ts", line: 3, body: "here" }],
  });
  expect(actionsOf(steps, "move_issue")[0]).toMatchObject({
    event: "returned",
    text: "returned for rework: Name the test.",
  });
});

test("[review/settle-verdict] [SC-REVIEW-8] a refinery that cannot decide asks a person", () => {
  const steps = settled({ result: verdict("cannot_decide") });
  expect(actionsOf(steps, "move_review")[0]?.event).toBe("review_undecided");
  expect(actionsOf(steps, "escalate")).toHaveLength(1);
  expect(actionsOf(steps, "move_issue")).toEqual([]);
});

test("[review/settle-verdict] no verdict, or one on another head, is tried again", () => {
  for (const change of [
    { outcome: "crashed" as const },
    { result: verdict("approve", "c".repeat(40)) },
  ]) {
    const steps = settled(change);
    expect(actionsOf(steps, "move_review")[0]?.event).toBe("review_lost");
    expect(actionsOf(steps, "retry_review")[0]?.as).toBe("step");
  }
});
