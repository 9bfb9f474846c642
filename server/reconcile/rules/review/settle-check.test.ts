import { expect, test } from "bun:test";
import type { FactOf } from "../../../../protocol/index.ts";
import {
  actionsOf,
  gate,
  HEAD,
  issue,
  NOW,
  review,
  rig,
  run,
  snapshot,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const RULE = "review/settle-check";
const checked = (change: Partial<FactOf<"checked">>): FactOf<"checked"> => ({
  kind: "checked",
  headOid: HEAD,
  green: true,
  gates: [gate()],
  conflicts: [],
  reason: null,
  ...change,
});
const settled = (
  change: Parameters<typeof run>[0],
  bead: Parameters<typeof issue>[0] = { state: "in_review", reviewId: "mr_1" },
  rigs = [rig()],
) => {
  const runs = [
    run({ kind: "check", state: "ended", outcome: "done", reviewId: "mr_1", ...change }),
  ];
  const reviews = [review({ state: "checking", tries: 1 })];
  return reconcile(snapshot({ runs, reviews, rigs, issues: [issue(bead)] }));
};

test("[review/settle-check] green gates lead to the refinery", () => {
  const steps = stepsOf(settled({ result: checked({}) }), RULE);
  expect(actionsOf(steps, "move_review")[0]?.event).toBe("check_green");
});

test("[review/settle-check] red gates go back to the author with the end of their output", () => {
  const red = gate({ ok: false, code: 1, log: "1 test failed" });
  const steps = stepsOf(settled({ result: checked({ green: false, gates: [gate(), red] }) }), RULE);
  expect(actionsOf(steps, "move_review")[0]?.event).toBe("check_red");
  expect(actionsOf(steps, "move_issue")[0]).toMatchObject({ event: "returned", nextRound: 2 });
  expect(actionsOf(steps, "record_round")[0]?.feedback).toContain("1 test failed");
});

test("[review/settle-check] a conflict names its files", () => {
  const result = checked({ green: false, gates: [], conflicts: ["src/list.ts"] });
  const steps = stepsOf(settled({ result }), RULE);
  expect(actionsOf(steps, "record_round")[0]?.feedback).toContain("- src/list.ts");
  expect(actionsOf(steps, "move_issue")[0]?.text).toContain("src/list.ts");
});

test.each([
  ["gates that could not be run", { result: checked({ green: null }) }],
  ["another head", { result: checked({ headOid: "c".repeat(40) }) }],
  ["a lost run", { outcome: "lost" as const }],
])("[review/settle-check] %s blame nobody and are tried again", (_, change) => {
  const steps = stepsOf(settled(change), RULE);
  expect(actionsOf(steps, "move_review")[0]?.event).toBe("check_impossible");
  expect(actionsOf(steps, "move_issue")).toEqual([]);
  const retry = actionsOf(steps, "retry_review")[0];
  expect(retry?.as).toBe("infra");
  expect(retry?.backOffUntil).toBeGreaterThan(NOW);
});

test("[review/settle-check] an offer that was only refused is no try", () => {
  const reason = { code: "no_capacity", message: "full", source: "runner" };
  const steps = stepsOf(settled({ outcome: "rejected", reason }), RULE);
  expect(actionsOf(steps, "retry_review")[0]?.as).toBe("nothing");
});

test("[review/settle-check] a gate that fails by infrastructure uses up no try, however often", () => {
  const reason = { code: "gate_infrastructure", message: "no disk", source: "runner" };
  const steps = stepsOf(settled({ result: checked({ green: null, reason }) }), RULE);
  expect(actionsOf(steps, "retry_review")[0]?.as).toBe("infra");
  expect(actionsOf(steps, "park_rig")).toEqual([]);
});

test("[review/settle-check] a repository that lets nobody in parks its rig with one card", () => {
  const reason = { code: "repository_auth", message: "no access", source: "runner" };
  const steps = stepsOf(settled({ result: checked({ green: null, reason }) }), RULE);
  expect(actionsOf(steps, "park_rig")).toMatchObject([{ rigId: "rg_1", reason }]);
  expect(actionsOf(steps, "escalate")).toHaveLength(1);
});

test("[review/settle-check] [D3] red gates blame nobody while the target has moved; a conflict does", () => {
  const moved = [rig({ movedTo: "e".repeat(40) })];
  const red = checked({ green: false, gates: [gate({ ok: false })] });
  const waits = stepsOf(settled({ result: red }, undefined, moved), RULE);
  expect(actionsOf(waits, "move_review")[0]?.event).toBe("check_impossible");
  expect(actionsOf(waits, "move_issue")).toEqual([]);
  const conflict = checked({ green: false, gates: [], conflicts: ["a.ts"] });
  const returned = stepsOf(settled({ result: conflict }, undefined, moved), RULE);
  expect(actionsOf(returned, "move_review")[0]?.event).toBe("check_red");
});

test("[review/settle-check] a result for a bead that was closed meanwhile moves nothing", () => {
  const red = checked({ green: false, gates: [gate({ ok: false })] });
  const plan = settled({ result: red }, { state: "open", reviewId: null });
  expect(stepsOf(plan, RULE)).toEqual([]);
  expect(stepsOf(plan, "run/settle-stale")).toHaveLength(1);
  expect(stepsOf(plan, "review/withdraw")).toHaveLength(1);
});
