import { expect, test } from "bun:test";
import { issue, run, snapshot, stepsOf } from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const RULE = "bead/recover-orphaned";

test("[bead/recover-orphaned] [SC-RECOVER-1] a bead in progress without any run is open again", () => {
  const plan = reconcile(snapshot({ issues: [issue({ state: "in_progress" })] }));
  expect(stepsOf(plan, RULE)[0]?.actions).toMatchObject([{ do: "move_issue", event: "run_lost" }]);
});

test("[bead/recover-orphaned] one with a live or unsettled run is left alone", () => {
  const issues = [issue({ state: "in_progress" })];
  expect(stepsOf(reconcile(snapshot({ issues, runs: [run()] })), RULE)).toEqual([]);
  const ended = run({ state: "ended", outcome: "lost" });
  expect(stepsOf(reconcile(snapshot({ issues, runs: [ended] })), RULE)).toEqual([]);
});
