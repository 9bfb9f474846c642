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

const stopped = (change: Parameters<typeof run>[0]) => {
  const issues = [issue({ state: "in_progress" })];
  const plan = reconcile(snapshot({ issues, runs: [run({ wallMs: 1_000, ...change })] }));
  return actionsOf(stepsOf(plan, "run/stop-over-wall"), "order_stop");
};

test("[run/stop-over-wall] a run past its wall time is told to stop", () => {
  expect(stopped({ startedAt: NOW - 1_000 })).toEqual([]);
  expect(stopped({ startedAt: NOW - 1_001 })).toHaveLength(1);
  expect(stopped({ startedAt: null, offeredAt: NOW - 1_001 })).toHaveLength(1);
});

test("[run/stop-over-wall] the town wakes for it", () => {
  const plan = reconcile(snapshot({ runs: [run({ wallMs: 1_000 })] }));
  expect(plan.timers).toContainEqual({ subject: "rn_1", kind: "wall", dueAt: NOW + 1_001 });
});
