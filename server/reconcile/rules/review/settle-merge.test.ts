import { expect, test } from "bun:test";
import type { FactOf } from "../../../../protocol/index.ts";
import {
  actionsOf,
  gate,
  HEAD,
  issue,
  review,
  run,
  snapshot,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const RULE = "review/settle-merge";
const settled = (change: Parameters<typeof run>[0], state: "in_review" | "open" = "in_review") => {
  const runs = [
    run({ kind: "merge", state: "ended", outcome: "done", reviewId: "mr_1", ...change }),
  ];
  const reviews = [review({ state: "merging" })];
  const issues = [issue({ state, reviewId: "mr_1" })];
  return stepsOf(reconcile(snapshot({ runs, reviews, issues })), RULE);
};
const landed: FactOf<"landed"> = {
  kind: "landed",
  headOid: HEAD,
  hint: "git pull",
  proof: {
    method: "merge",
    ref: "refs/heads/main",
    sourceOid: HEAD,
    mergeOid: "d".repeat(40),
    targetOid: "e".repeat(40),
  },
};
const notLanded = (code: FactOf<"not_landed">["code"]): FactOf<"not_landed"> => ({
  kind: "not_landed",
  headOid: HEAD,
  code,
  message: "it did not work",
  gates: code === "gates_red" ? [gate({ ok: false })] : [],
  conflicts: code === "conflict" ? ["a.ts"] : [],
});

test("[review/settle-merge] [B8] proof from git closes the bead, and nothing else does", () => {
  const steps = settled({ result: landed });
  expect(actionsOf(steps, "move_review")[0]).toMatchObject({
    event: "merge_landed",
    proof: landed.proof,
    hint: "git pull",
  });
  expect(actionsOf(steps, "move_issue")[0]).toMatchObject({
    event: "landed",
    outcome: "landed",
    landed: { on: "refs/heads/main", oid: "d".repeat(40) },
  });
});

test("[review/settle-merge] the proof is kept though its bead has moved on", () => {
  const steps = settled({ result: landed }, "open");
  expect(actionsOf(steps, "move_review")[0]?.proof).toEqual(landed.proof);
  expect(actionsOf(steps, "move_issue")).toEqual([]);
});

test.each(["conflict", "gates_red"] as const)(
  "[review/settle-merge] %s goes back to the author",
  (code) => {
    const steps = settled({ result: notLanded(code) });
    expect(actionsOf(steps, "move_review")[0]?.event).toBe("merge_returned");
    expect(actionsOf(steps, "move_issue")[0]?.event).toBe("returned");
  },
);

test.each(["target_moved", "refused", "infrastructure"] as const)(
  "[review/settle-merge] %s is tried again and blames nobody",
  (code) => {
    const steps = settled({ result: notLanded(code) });
    expect(actionsOf(steps, "move_review")[0]?.event).toBe("merge_retry");
    expect(actionsOf(steps, "move_issue")).toEqual([]);
    expect(actionsOf(steps, "retry_review")[0]?.counted).toBe(true);
  },
);

test("[review/settle-merge] a landing of another head proves nothing of this one", () => {
  const steps = settled({ result: { ...landed, headOid: "c".repeat(40) } });
  expect(actionsOf(steps, "move_review")[0]?.event).toBe("merge_retry");
});
