import { expect, test } from "bun:test";
import { issue, review, rig, run, snapshot, stepsOf } from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const RULE = "run/stop-orphan";
const inReview = issue({ state: "in_review", reviewId: "mr_1" });

test.each(["work", "check", "review"] as const)(
  "[run/stop-orphan] a %s run whose bead is closed is told to stop, once",
  (kind) => {
    const live = run({ kind, reviewId: kind === "work" ? null : "mr_1" });
    expect(stepsOf(reconcile(snapshot({ runs: [live] })), RULE)).toHaveLength(1);
    const told = { ...live, stopOrderedAt: snapshot().now };
    expect(stepsOf(reconcile(snapshot({ runs: [told] })), RULE)).toEqual([]);
  },
);

test("[run/stop-orphan] work on a bead that was closed and reopened is stopped", () => {
  const plan = reconcile(snapshot({ runs: [run()], issues: [issue({ cycle: 2 })] }));
  expect(stepsOf(plan, RULE)).toHaveLength(1);
});

test("[run/stop-orphan] a reviewer is stopped when its review was decided otherwise", () => {
  const runs = [run({ kind: "review", reviewId: "mr_1" })];
  const decided = snapshot({ runs, issues: [inReview], reviews: [review({ state: "approved" })] });
  expect(stepsOf(reconcile(decided), RULE)).toHaveLength(1);
});

test("[run/stop-orphan] runs that somebody waits for, merges and the Mayor go on", () => {
  const goesOn = (change: Parameters<typeof snapshot>[0]) =>
    expect(stepsOf(reconcile(snapshot(change)), RULE)).toEqual([]);
  goesOn({ runs: [run()], issues: [issue({ state: "in_progress" })] });
  goesOn({
    runs: [run({ kind: "check", reviewId: "mr_1" })],
    issues: [inReview],
    reviews: [review({ state: "checking" })],
  });
  goesOn({ runs: [run({ kind: "merge", reviewId: "mr_1", resource: "lane:rg_1:main" })] });
  goesOn({ runs: [run({ kind: "session", beadId: null, resource: "session:se_1" })] });
});

test("[run/stop-orphan] a baseline by gates that were changed meanwhile is stopped", () => {
  const judges = { target: "main", gates: [], setup: null };
  const baseline = run({ kind: "baseline", beadId: null, resource: "lane:rg_1:main", judges });
  const stopped = (gates: ReturnType<typeof rig>["gates"]) =>
    stepsOf(reconcile(snapshot({ runs: [baseline], rigs: [rig({ gates })] })), RULE).length;
  expect([stopped([]), stopped(rig().gates)]).toEqual([0, 1]);
});
