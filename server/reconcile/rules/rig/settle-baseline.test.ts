import { expect, test } from "bun:test";
import type { FactOf } from "../../../../protocol/index.ts";
import {
  actionsOf,
  gate,
  HEAD,
  rig,
  run,
  snapshot,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
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
  const runs = [run({ kind: "baseline", state: "ended", beadId: null, result: fact, ...ended })];
  const rigs = [rig({ state: "checking", ...change })];
  const steps = stepsOf(reconcile(snapshot({ runs, rigs })), "rig/settle-baseline");
  return actionsOf(steps, "set_rig")[0];
};

test("[rig/settle-baseline] [D3] a green baseline makes the rig ready and pins its target", () => {
  expect(settled({}, { target: "" })).toMatchObject({
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

test("[rig/settle-baseline] an unreachable repository is tried again, five times at most", () => {
  const reason = { code: "repository_unreachable", message: "no route", source: "runner" };
  const unreachable = { green: null, targetOid: null, reason };
  expect(settled(unreachable)).toMatchObject({ state: "checking", tries: 1 });
  expect(settled(unreachable, { baselineTries: 4 })).toMatchObject({
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
