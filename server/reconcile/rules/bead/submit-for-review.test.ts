import { expect, test } from "bun:test";
import type { FactOf } from "../../../../protocol/index.ts";
import {
  actionsOf,
  BASE,
  HEAD,
  issue,
  review,
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

test("[bead/submit-for-review] [D1] nothing to do after a lost merge waits until it is known what that did", () => {
  const result = { ...done, noChangesReason: "it is sorted already" };
  const runs = [run({ state: "ended", outcome: "done", result })];
  const issues = [issue({ state: "in_progress", reviewId: "mr_1" })];
  const reviews = [review({ state: "changes_requested", laneOpen: true })];
  const steps = stepsOf(reconcile(snapshot({ runs, issues, reviews })), RULE);
  expect(actionsOf(steps, "move_issue").map(({ event }) => event)).toEqual(["run_lost"]);
  expect(actionsOf(steps, "wish_close")[0]?.closing).toMatchObject({
    outcome: "nothing_to_do",
    waitsFor: "lane",
  });
});

test("[bead/submit-for-review] a run that was lost, or whose bead moved on, submits nothing", () => {
  expect(submitted(done, "lost")).toEqual([]);
  expect(submitted(done, "done", "open")).toEqual([]);
});
