import { expect, test } from "bun:test";
import {
  actionsOf,
  breaker,
  issue,
  NOW,
  rig,
  run,
  runner,
  snapshot,
  triage,
} from "../../../tests/support/snapshot.ts";
import { POLICY } from "../../model/policy.ts";
import { reconcile } from "../reconcile.ts";
import type { PauseView, Snapshot } from "../snapshot.ts";

const policy = { ...POLICY, triage: 1 };
const offers = (change: Partial<Snapshot>) =>
  actionsOf(reconcile(snapshot({ policy, triages: [triage()], ...change })).steps, "offer");
const kinds = (change: Partial<Snapshot>) => offers(change).map(({ request }) => request.kind);
const paused: PauseView = { kind: "pause", by: "person:owner", at: NOW };
const live = run({ kind: "triage", resource: "triage:town", beadId: null, rigId: null });

test("[town/allocate] [C1] a triage run has its own role and resource, and no bead, rig or tree", () => {
  const [offer] = offers({});
  expect(offer).toMatchObject({
    triageIds: ["tr_1"],
    request: {
      ...{ kind: "triage", role: "triage", resource: "triage:town", model: "t" },
      ...{ beadId: null, rigId: null, reviewId: null, sessionId: null },
    },
  });
  const given = { runId: "rn_9", fence: { epoch: 1, n: 1 }, attempt: 1 };
  const spec = offer?.request.spec({ ...given, agent: { id: "ag_1", name: "Amber" } });
  expect(spec?.limits.wallMs).toBe(POLICY.triageWallMs);
});

test("[town/allocate] triage takes a slot only when no bead waits for it", () => {
  const one = { runners: [runner({ slots: 1 })] };
  expect(kinds({ ...one, issues: [issue()] })).toEqual(["work"]);
  expect(kinds({ issues: [issue()] })).toEqual(["work", "triage"]);
  expect(kinds({ ...one, issues: [issue({ held: true })] })).toEqual(["triage"]);
  expect(kinds({ runners: [runner({ slots: 1 })], runs: [run()] })).toEqual([]);
});

test("[town/allocate] [C5] one triage run at a time, with the oldest requests that no run has", () => {
  const held = triage({ runId: "rn_1" });
  expect(kinds({ runs: [live], triages: [held, triage({ id: "tr_2" })] })).toEqual([]);
  const many = Array.from({ length: 7 }, (_, n) => triage({ id: `tr_${n}` }));
  expect(offers({ triages: many })[0]?.triageIds).toEqual(["tr_0", "tr_1", "tr_2", "tr_3", "tr_4"]);
});

test.each([
  ["triage rests", { triageRest: { failures: 1, untilAt: NOW + 1 } }],
  ["the town is paused", { pauses: new Map([["town", paused]]) }],
  ["the town is stopped", { pauses: new Map([["town", { ...paused, kind: "stop" as const }]]) }],
  ["its rig is paused", { pauses: new Map([["rg_1", paused]]) }],
  ["its convoy is paused", { pauses: new Map([["cv_1", paused]]) }],
  ["no model is set", { modelMissing: "no model" }],
  ["the breaker is open", { breaker: breaker({ state: "open", untilAt: NOW + 9 }) }],
  ["the breaker is half open", { breaker: breaker({ state: "half_open" }) }],
  [
    "the day is used up",
    { day: { microUsd: 9, tokens: 0, warned: true, limit: { microUsd: 9, tokens: null } } },
  ],
  ["no runner is there", { runners: [] }],
  ["it is off", { policy: POLICY.triage === 0 ? POLICY : { ...POLICY, triage: 0 } }],
  ["its tries are used up", { triages: [triage({ tries: 2 })] }],
] as [string, Partial<Snapshot>][])("[town/allocate] [C5] no triage run while %s", (_, change) => {
  const request = triage({ convoyId: "cv_1" });
  expect(kinds({ triages: [request], ...change })).toEqual([]);
});

test("[town/allocate] the rest of triage has a timer, and the next run begins when it is over", () => {
  const rests = { failures: 1, untilAt: NOW + 5 };
  const plan = reconcile(snapshot({ policy, triages: [triage()], triageRest: rests }));
  expect(plan.timers).toContainEqual({ subject: "town", kind: "triage", dueAt: NOW + 5 });
  expect(kinds({ triageRest: { failures: 1, untilAt: NOW } })).toEqual(["triage"]);
});

test("[C5] nobody climbs the ladder for a triage run; it has its wall time, and stops with the town", () => {
  const requests = [triage({ runId: "rn_1" })];
  const rules = (change: Parameters<typeof run>[0], more: Partial<Snapshot> = {}) =>
    reconcile(
      snapshot({
        policy,
        triages: requests,
        runs: [{ ...live, ...change }],
        rigs: [rig()],
        ...more,
      }),
    ).steps.map(({ rule }) => rule);
  const still = {
    rungSince: NOW - 10 * 3_600_000,
    repeating: { pattern: "monologue", times: 9, text: "" },
  } as const;
  expect(rules(still)).toEqual([]);
  expect(rules({ wallMs: 1, startedAt: NOW - 5 })).toEqual(["run/stop-over-wall"]);
  const stop = { pauses: new Map([["town", { ...paused, kind: "stop" as const }]]) };
  expect(rules({}, stop)).toEqual(["run/stop-emergency"]);
});
