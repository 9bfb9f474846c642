import { expect, test } from "bun:test";
import { POLICY } from "../../../model/policy.ts";
import type { IssueView, RunView, Snapshot } from "../../snapshot.ts";
import {
  actionsOf,
  issue,
  run,
  snapshot,
  spent,
  stepsOf,
  turn,
} from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const RULE = "run/stop-over-budget";
const decided = (
  change: Partial<RunView> = {},
  bead: Partial<IssueView> = {},
  town: Partial<Snapshot> = {},
) => {
  const issues = [issue({ state: "in_progress", ...bead })];
  const plan = reconcile(snapshot({ runs: [run(change)], issues, ...town }));
  return actionsOf(stepsOf(plan, RULE), "order_stop");
};
const dayOver = { ...spent({ tokens: 5 }), limit: { microUsd: null, tokens: 5 } };

test("[run/stop-over-budget] [F8] a run stops at its own limit, and that is a try of its bead", () => {
  const { runMicroUsdMax, runTokensMax } = POLICY;
  expect(decided({ spent: spent({ microUsd: runMicroUsdMax - 1 }) })).toEqual([]);
  const [stop] = decided({ spent: spent({ microUsd: runMicroUsdMax }) });
  expect(stop).toMatchObject({ code: "run_budget" });
  expect(stop?.reason).toContain("$10.00 of $10.00");
  expect(decided({ spent: spent({ tokens: runTokensMax }) })).toHaveLength(1);
});

test("[run/stop-over-budget] [F8] the limits of its bead, its convoy and the day stop it at no fault of it", () => {
  const own = { microUsd: 5_000_000, tokens: null };
  const bead = decided({}, { spent: spent({ microUsd: 5_000_000, own }) });
  expect(bead).toMatchObject([{ code: "budget" }]);
  const convoySpent = spent({ microUsd: 6_000_000, own });
  expect(decided({}, { convoySpent })[0]?.reason).toContain("its convoy");
  expect(decided({}, {}, { day: dayOver })[0]?.reason).toContain("this day");
});

test("[run/stop-over-budget] what spends nothing goes on; a limit of 0 is none", () => {
  const merge = { kind: "merge", resource: "lane:rg_1:main", reviewId: "mr_1" } as const;
  expect(decided(merge, {}, { day: dayOver })).toEqual([]);
  const policy = { ...POLICY, runMicroUsdMax: 0, runTokensMax: 0 };
  expect(decided({ spent: spent({ microUsd: 1e12, tokens: 1e12 }) }, {}, { policy })).toEqual([]);
});

test("[run/stop-over-budget] the Mayor has no limit of a run, but that of the day", () => {
  const session = { kind: "session", beadId: null, rigId: null, resource: "session:se_1" } as const;
  expect(decided({ ...session, spent: spent({ microUsd: 1e12 }) })).toEqual([]);
  expect(decided(session, {}, { day: dayOver })).toHaveLength(1);
});

test("[run/stop-over-budget] [F8] nothing more is dispatched past a limit, and the wait says so", () => {
  const over = issue({ spent: spent({ microUsd: POLICY.beadMicroUsdMax }) });
  const plan = reconcile(snapshot({ issues: [over, issue({ id: "bd_2" })] }));
  expect(actionsOf(plan.steps, "offer").map(({ request }) => request.beadId)).toEqual(["bd_2"]);
  expect(actionsOf(plan.steps, "wait").find(({ id }) => id === "bd_1")?.wait?.text).toBe(
    "parked: the budget of this bead is used up, $30.00 of $30.00 are spent. Raise it to go on",
  );
  const day = reconcile(snapshot({ issues: [issue()], turns: [turn()], day: dayOver }));
  expect(actionsOf(day.steps, "offer")).toEqual([]);
  expect(actionsOf(day.steps, "wait")[0]?.wait?.text).toContain("the budget of this day");
  expect(day.timers.map(({ kind }) => kind)).toContain("day");
});
