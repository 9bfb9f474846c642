import { expect, test } from "bun:test";
import { actionsOf, issue, snapshot, stepsOf } from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const RULE = "bead/fail-exhausted";
const failureOf = (change: Parameters<typeof issue>[0]) => {
  const steps = stepsOf(reconcile(snapshot({ issues: [issue(change)] })), RULE);
  return { code: actionsOf(steps, "move_issue")[0]?.failure?.code, steps };
};

test.each([
  ["work_attempts", { workAttempts: 5 }],
  ["start_failures", { startFailures: 5 }],
  ["runs", { runsSpent: 40 }],
])("[bead/fail-exhausted] used up %s fail the bead and tell a person", (code, change) => {
  const { code: told, steps } = failureOf(change);
  expect(told).toBe(code);
  expect(actionsOf(steps, "escalate")).toHaveLength(1);
});

test("[bead/fail-exhausted] a bead with attempts left goes on; a person's allowance counts", () => {
  expect(failureOf({ workAttempts: 4, startFailures: 4, runsSpent: 39 }).steps).toEqual([]);
  expect(failureOf({ workAttempts: 5, workAttemptsForgiven: 1 }).steps).toEqual([]);
  expect(failureOf({ infraFailures: 30 }).steps).toEqual([]);
});

test("[bead/fail-exhausted] a run under way is not cut off by it", () => {
  expect(failureOf({ state: "in_review", workAttempts: 5 }).steps).toEqual([]);
});
