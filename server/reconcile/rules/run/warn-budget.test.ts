import { expect, test } from "bun:test";
import type { Spent } from "../../snapshot.ts";
import {
  actionsOf,
  issue,
  run,
  snapshot,
  spent,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const own = { microUsd: 10_000_000, tokens: null };
const decided = (change: Partial<Spent>) => {
  const issues = [issue({ state: "in_progress", spent: spent({ own, ...change }) })];
  return stepsOf(reconcile(snapshot({ runs: [run()], issues })), "run/warn-budget");
};

test("[run/warn-budget] [F8] people hear once of a budget that comes to its end", () => {
  expect(decided({ microUsd: 7_999_999 })).toEqual([]);
  const steps = decided({ microUsd: 8_000_000 });
  expect(actionsOf(steps, "mark_warned")).toEqual([{ do: "mark_warned", subject: "bd_1" }]);
  expect(actionsOf(steps, "escalate")[0]?.body).toContain("$8.00 of $10.00");
  expect(decided({ microUsd: 8_000_000, warned: true })).toEqual([]);
});

test("[run/warn-budget] the day is warned of, too", () => {
  const day = { ...spent({ tokens: 8 }), limit: { microUsd: null, tokens: 10 } };
  const issues = [issue({ state: "in_progress" })];
  const plan = reconcile(snapshot({ runs: [run()], issues, day, daySubject: "day:2026-01-31" }));
  expect(actionsOf(stepsOf(plan, "run/warn-budget"), "mark_warned")[0]?.subject).toBe(
    "day:2026-01-31",
  );
});
