import { expect, test } from "bun:test";
import {
  actionsOf,
  issue,
  run,
  runner,
  snapshot,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const lost = (state: "connected" | "suspect" | "lost") => {
  const runners = [runner({ state, online: false, lastSeenAt: 0 })];
  const issues = [issue({ state: "in_progress" })];
  const plan = reconcile(
    snapshot({ runners, issues, runs: [run()], observingUntil: Number.MAX_SAFE_INTEGER }),
  );
  return actionsOf(stepsOf(plan, "run/lose-with-runner"), "end_run");
};

test("[run/lose-with-runner] the runs of a lost runner end as lost, those of a suspect one do not", () => {
  expect(lost("lost")).toMatchObject([{ runId: "rn_1", outcome: "lost" }]);
  expect(lost("suspect")).toEqual([]);
  expect(lost("connected")).toEqual([]);
});
