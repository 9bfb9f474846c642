import { expect, test } from "bun:test";
import { issue, run, snapshot, stepsOf } from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

test("[run/settle-stale] an ended run whose bead has moved on is settled and nothing else happens", () => {
  const runs = [run({ state: "ended", outcome: "done" })];
  for (const issues of [[], [issue()], [issue({ state: "in_review" })]]) {
    const steps = stepsOf(reconcile(snapshot({ runs, issues })), "run/settle-stale");
    expect(steps[0]?.actions).toEqual([{ do: "settle_run", runId: "rn_1" }]);
  }
});

test("[run/settle-stale] the baseline of a rig that was removed is settled too", () => {
  const runs = [run({ kind: "baseline", state: "ended", beadId: null })];
  const plan = reconcile(snapshot({ runs, rigs: [] }));
  expect(stepsOf(plan, "run/settle-stale")).toHaveLength(1);
});
