import { expect, test } from "bun:test";
import type { FactOf } from "../../../../protocol/index.ts";
import {
  actionsOf,
  BASE,
  HEAD,
  issue,
  run,
  snapshot,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const RULE = "bead/submit-for-review";
const done: FactOf<"work_done"> = {
  kind: "work_done",
  headOid: HEAD,
  baseOid: BASE,
  branch: "gastown/run/bd_1/rn_1",
  summary: "sorted\nwith a test",
  noChangesReason: null,
  files: 1,
  additions: 2,
  deletions: 0,
};
const submitted = (
  result: FactOf<"work_done">,
  outcome: "done" | "lost" = "done",
  state: "in_progress" | "open" = "in_progress",
) => {
  const runs = [run({ state: "ended", outcome, result })];
  const issues = [issue({ state, round: 2, cycle: 3 })];
  return stepsOf(reconcile(snapshot({ runs, issues })), RULE);
};

test("[bead/submit-for-review] verified work becomes the bead's next round", () => {
  const steps = submitted(done);
  expect(actionsOf(steps, "submit_review")[0]).toMatchObject({
    headOid: HEAD,
    baseOid: BASE,
    round: 2,
    cycle: 3,
    runId: "rn_1",
  });
  expect(actionsOf(steps, "move_issue")[0]?.event).toBe("submitted");
  expect(actionsOf(steps, "count_run")[0]?.as).toBe("success");
});

test("[bead/submit-for-review] nothing to do closes the bead with that outcome, without a review", () => {
  const steps = submitted({ ...done, noChangesReason: "it is sorted already" });
  expect(actionsOf(steps, "submit_review")).toEqual([]);
  expect(actionsOf(steps, "move_issue")[0]).toMatchObject({
    event: "closed_by_outcome",
    outcome: "nothing_to_do",
  });
});

test("[bead/submit-for-review] a run that was lost, or whose bead moved on, submits nothing", () => {
  expect(submitted(done, "lost")).toEqual([]);
  expect(submitted(done, "done", "open")).toEqual([]);
});
