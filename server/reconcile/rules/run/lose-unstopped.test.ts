import { expect, test } from "bun:test";
import {
  actionsOf,
  issue,
  NOW,
  run,
  snapshot,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const lost = (stopOrderedAt: number | null) => {
  const runs = [run({ stopOrderedAt })];
  const issues = [issue({ state: "in_progress" })];
  return stepsOf(reconcile(snapshot({ runs, issues })), "run/lose-unstopped");
};

test("[run/lose-unstopped] a run that was told to stop is given up after five minutes without word", () => {
  expect(lost(null)).toEqual([]);
  expect(lost(NOW - 300_000)).toEqual([]);
  expect(actionsOf(lost(NOW - 300_001), "end_run")[0]).toMatchObject({
    outcome: "lost",
    reason: { code: "not_stopped" },
  });
});

test("[run/lose-unstopped] the town looks again when that time is over", () => {
  const plan = reconcile(snapshot({ runs: [run({ stopOrderedAt: NOW })] }));
  expect(plan.timers).toContainEqual({ subject: "rn_1", kind: "stop", dueAt: NOW + 300_001 });
});
