import { expect, test } from "bun:test";
import type { RunKind } from "../../../../protocol/index.ts";
import {
  actionsOf,
  issue,
  NOW,
  run,
  runner,
  snapshot,
  stepsOf,
  turn,
} from "../../../../tests/support/snapshot.ts";
import { POLICY } from "../../../model/policy.ts";
import { reconcile } from "../../reconcile.ts";
import type { RunView, Snapshot } from "../../snapshot.ts";

const RULE = "run/evict-away";
const graceMs = POLICY.awayGraceMs;
const away = (sinceMs: number) =>
  runner({ away: { at: NOW - sinceMs, by: "person:owner", reason: "" } });

function planOf(live: Partial<RunView>, sinceMs: number, more: Partial<Snapshot> = {}) {
  const runs = [run({ startedAt: NOW - 1_000, ...live })];
  const issues = [issue({ state: "in_progress" })];
  return reconcile(snapshot({ issues, runs, runners: [away(sinceMs)], ...more }));
}
const orders = (...given: Parameters<typeof planOf>) =>
  actionsOf(stepsOf(planOf(...given), RULE), "order_stop");

test("[run/evict-away] [C9] a run on a runner that was set away goes on for its grace, then its work is saved", () => {
  expect(orders({}, graceMs - 1)).toEqual([]);
  expect(orders({}, graceMs)).toMatchObject([{ by: "evicted" }]);
  const timers = planOf({}, graceMs - 1).timers.filter(({ kind }) => kind === "eviction");
  expect(timers).toMatchObject([{ subject: "rn_1", dueAt: NOW + 1 }]);
});

test("[run/evict-away] [C9] an agent that is not up yet, and a Mayor without a turn, leave at once", () => {
  expect(orders({ startedAt: null }, 0)).toMatchObject([{ by: "evicted" }]);
  const session = { kind: "session", beadId: null, resource: "session:se_1" } as const;
  expect(orders({ ...session, sessionId: "se_1" }, 0)).toMatchObject([{ by: "evicted" }]);
  const turns = [turn({ state: "running", runId: "rn_1" })];
  expect(orders({ ...session, sessionId: "se_1" }, 0, { turns })).toEqual([]);
});

test("[run/evict-away] [C7] an agent that has the key leaves at once when its runner may not have it any more; one that calls through the town, gates and a landing stay", () => {
  const planned = (live: Partial<RunView>, rights: ("model" | "merge")[]) =>
    actionsOf(
      stepsOf(
        reconcile(
          snapshot({
            issues: [issue({ state: "in_progress" })],
            runs: [run({ startedAt: NOW - 1_000, ...live })],
            runners: [runner({ rights })],
          }),
        ),
        RULE,
      ),
      "order_stop",
    );
  expect(planned({}, ["merge"])).toMatchObject([
    { by: "evicted", reason: "its runner may not have the model's key any more" },
  ]);
  expect(planned({}, ["model"])).toEqual([]);
  expect(planned({ holdsKey: false }, ["merge"])).toEqual([]);
  const check = { kind: "check", resource: "bead:bd_1", holdsKey: false } as const;
  expect(planned(check, [])).toEqual([]);
  expect(planned({ kind: "merge", resource: "lane:rg_1", holdsKey: false }, [])).toEqual([]);
});

test("[run/evict-away] gates get the grace, a merge is left to settle, and nobody is told twice", () => {
  const of = (kind: RunKind) => ({ kind, startedAt: null, beadId: null, resource: `x:${kind}` });
  expect(orders(of("baseline"), graceMs - 1)).toEqual([]);
  expect(orders(of("merge"), 10 * graceMs)).toEqual([]);
  expect(orders({ stopOrderedAt: NOW - 1 }, graceMs)).toEqual([]);
});

test("[run/evict-away] [session/hand-turn] no further turn is handed to a runner that leaves", () => {
  const runs = [
    run({ kind: "session", beadId: null, resource: "session:se_1", sessionId: "se_1" }),
  ];
  const handed = (change: Parameters<typeof runner>[0]) => {
    const plan = reconcile(snapshot({ runs, turns: [turn()], runners: [runner(change)] }));
    return stepsOf(plan, "session/hand-turn").length;
  };
  expect(handed({})).toBe(1);
  expect(handed({ leavingAt: NOW })).toBe(0);
  expect(handed({ away: { at: NOW, by: "person:owner", reason: "" } })).toBe(0);
});
