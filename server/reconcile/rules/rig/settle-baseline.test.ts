import { expect, test } from "bun:test";
import type { FactOf } from "../../../../protocol/index.ts";
import {
  actionsOf,
  gate,
  HEAD,
  NOW,
  rig,
  run,
  snapshot,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { POLICY } from "../../../model/policy.ts";
import { reconcile } from "../../reconcile.ts";

const settled = (
  result: Partial<FactOf<"baseline">> | null,
  change: Parameters<typeof rig>[0] = {},
  ended: Parameters<typeof run>[0] = { outcome: "done" },
) => {
  const fact: FactOf<"baseline"> | null = result && {
    kind: "baseline",
    target: "trunk",
    targetOid: HEAD,
    green: true,
    gates: [gate()],
    reason: null,
    ...result,
  };
  const judges = { target: "main", gates: rig().gates, setup: null };
  const base = { kind: "baseline", state: "ended", beadId: null, judges } as const;
  const runs = [run({ ...base, result: fact, ...ended })];
  const rigs = [rig({ state: "checking", ...change })];
  const steps = stepsOf(reconcile(snapshot({ runs, rigs })), "rig/settle-baseline");
  return actionsOf(steps, "set_rig")[0];
};

test("[rig/settle-baseline] [D3] a green baseline makes the rig ready and pins its target", () => {
  const judges = { target: "", gates: rig().gates, setup: null };
  expect(settled({}, { target: "" }, { outcome: "done", judges })).toMatchObject({
    state: "ready",
    target: "trunk",
    parked: null,
  });
  expect(settled({}, { target: "main" })?.target).toBe("main");
});

test("[rig/settle-baseline] [D3] a red baseline parks the rig and names the gate", () => {
  const set = settled({ green: false, gates: [gate(), gate({ name: "lint", ok: false })] });
  expect(set).toMatchObject({ state: "parked", parked: { code: "baseline_red" } });
  expect(set?.parked?.message).toContain("lint");
});

test("[rig/settle-baseline] [SC-REMOTE-2] an unreachable repository is tried again for hours, not for a number", () => {
  const reason = { code: "repository_unreachable", message: "no route", source: "runner" };
  const unreachable = { green: null, targetOid: null, reason };
  expect(settled(unreachable)).toMatchObject({ state: "checking", tries: 1, infraSince: NOW });
  expect(settled(unreachable, { baselineTries: 40, infraSince: NOW - 1_000 })?.state).toBe(
    "checking",
  );
  const infraSince = NOW - POLICY.infraPatienceMs;
  expect(settled(unreachable, { infraSince })).toMatchObject({
    state: "parked",
    parked: reason,
  });
});

test.each(["repository_auth", "repository_empty", "target_missing"])(
  "[rig/settle-baseline] %s waits for a person",
  (code) => {
    const reason = { code, message: "say another", source: "runner" };
    const set = settled({ green: null, targetOid: null, reason });
    expect(set).toMatchObject({ state: "parked", parked: reason, backOffUntil: null });
  },
);

test("[rig/settle-baseline] a lost run says nothing of the rig: it is tried again", () => {
  expect(settled(null, {}, { outcome: "lost" })).toMatchObject({ state: "checking" });
});

test("[rig/settle-baseline] a runner that only refused is asked again", () => {
  const reason = { code: "draining", message: "leaving", source: "runner" };
  expect(settled(null, {}, { outcome: "rejected", reason })?.state).toBe("checking");
});

test("[rig/settle-baseline] a result by gates that were changed meanwhile says nothing of the rig", () => {
  const gates = [{ name: "test", command: "bun test", timeoutMs: 1_000 }];
  const set = settled({ green: false, gates: [gate({ ok: false })] }, { gates });
  expect(set).toMatchObject({ state: "checking", parked: null, baseline: null, tries: 0 });
});

test("[rig/settle-baseline] a ready rig goes on while its moved target is looked at", () => {
  const moved = { state: "ready", movedTo: HEAD } as const;
  expect(settled(null, moved, { outcome: "lost" })).toMatchObject({ state: "ready", tries: 1 });
  const red = settled({ green: false, gates: [gate({ ok: false })] }, moved);
  expect(red).toMatchObject({ state: "parked", parked: { code: "baseline_red" } });
});
