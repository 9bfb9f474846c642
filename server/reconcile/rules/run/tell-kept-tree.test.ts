import { expect, test } from "bun:test";
import { actionsOf, issue, run, snapshot, stepsOf } from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const RULE = "run/tell-kept-tree";
const kept = { dir: "/runs/rn_1", reason: "The disk is full. Make room." };

test("[run/tell-kept-tree] [C5] a tree that could not be saved is told before anything else of its run", () => {
  const runs = [run({ state: "ended", outcome: "crashed", kept })];
  const plan = reconcile(snapshot({ runs, issues: [issue({ state: "in_progress" })] }));
  expect(plan.steps.map(({ rule }) => rule)).toEqual([RULE]);
  const [card] = actionsOf(stepsOf(plan, RULE), "escalate");
  expect(card).toMatchObject({ severity: "high", subjectId: "rn_1" });
  expect(card?.body).toContain("/runs/rn_1 on the host of runner local. The disk is full.");
  expect(actionsOf(plan.steps, "mark_kept_told")).toEqual([
    { do: "mark_kept_told", runId: "rn_1" },
  ]);
});

test("[run/tell-kept-tree] what was told is not told again", () => {
  const runs = [run({ state: "ended", outcome: "crashed" })];
  const plan = reconcile(snapshot({ runs, issues: [issue({ state: "in_progress" })] }));
  expect(plan.steps.map(({ rule }) => rule)).toContain("bead/recover-run");
});
