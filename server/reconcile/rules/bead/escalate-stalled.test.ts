import { expect, test } from "bun:test";
import type { Outcome } from "../../../../protocol/index.ts";
import { actionsOf, issue, run, snapshot, stepsOf } from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const RULE = "bead/escalate-stalled";
function ended(stalls: number, outcome: Outcome, code: string) {
  const reason = { code, message: "The work has not moved.", source: "town" };
  const issues = [issue({ state: "in_progress", stalls })];
  const runs = [run({ state: "ended", outcome, reason, progressed: true })];
  return reconcile(snapshot({ issues, runs })).steps;
}

test("[bead/escalate-stalled] [C12] the second run on end that stood still tells a person; the bead is tried again", () => {
  const first = ended(0, "stopped_by_town", "no_progress");
  expect(first[0]?.rule).toBe("bead/recover-run");
  expect(actionsOf(first, "count_run")[0]).toMatchObject({ as: "work_attempt", stalled: true });
  const second = stepsOf(
    { steps: ended(1, "stopped_by_town", "no_progress"), faults: [], timers: [] },
    RULE,
  );
  expect(actionsOf(second, "escalate")).toMatchObject([{ severity: "high", subjectId: "bd_1" }]);
  expect(actionsOf(second, "move_issue")).toMatchObject([{ event: "run_lost" }]);
  expect(actionsOf(second, "count_run")[0]).toMatchObject({ stalled: true });
});

test("[bead/escalate-stalled] a silent agent stood still too; a crash between two ends the row", () => {
  expect(ended(1, "no_result", "silent")[0]?.rule).toBe(RULE);
  const crash = ended(1, "crashed", "agent_died");
  expect(crash[0]?.rule).toBe("bead/recover-run");
  expect(actionsOf(crash, "count_run")[0]).toMatchObject({ stalled: false });
});

test("[bead/escalate-stalled] what infrastructure ends says nothing of the agent", () => {
  const lost = ended(1, "lost", "runner_lost");
  expect(actionsOf(lost, "count_run")[0]?.stalled).toBeUndefined();
});
