import { expect, test } from "bun:test";
import { actionsOf, stepsOf } from "../../../../tests/support/snapshot.ts";
import { decideStill, STILL_MS, stillRun } from "../../../../tests/support/still.ts";
import type { RunView } from "../../snapshot.ts";

const interrupts = (run: RunView) =>
  actionsOf(stepsOf(decideStill(run), "run/interrupt-still"), "climb");

test("[run/interrupt-still] [C12] an agent that was nudged in vain is interrupted and prompted again", () => {
  expect(interrupts(stillRun(STILL_MS - 1, { rung: 1 }))).toEqual([]);
  const [told] = interrupts(stillRun(STILL_MS, { rung: 1 }));
  expect(told).toMatchObject({ rung: 2, mode: "immediate" });
  expect(told?.text).toContain("gt_done");
});

test("[run/interrupt-still] a refinery is told of its own tool", () => {
  const review = { kind: "review", reviewId: "mr_1", rung: 1 } as const;
  const [told] = interrupts(stillRun(STILL_MS, review));
  expect(told?.text).toContain("cannot_decide");
  expect(told?.text).not.toContain("gt_done");
});
