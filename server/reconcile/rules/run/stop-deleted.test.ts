import { expect, test } from "bun:test";
import { issue, rig, run, snapshot, stepsOf } from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const deletion = { by: "person:owner", at: 1, work: "save" } as const;
const planned = (change: Parameters<typeof run>[0], ofRig: Parameters<typeof rig>[0]) =>
  stepsOf(
    reconcile(
      snapshot({
        rigs: [rig(ofRig)],
        issues: [issue({ state: "in_progress" })],
        runs: [run(change)],
      }),
    ),
    "run/stop-deleted",
  );

test("[run/stop-deleted] whatever works for a rig that is deleted is told to stop, as by a person", () => {
  expect(planned({}, { deletion, hasRuns: true })).toMatchObject([
    { actions: [{ do: "order_stop", runId: "rn_1", by: "stopped_by_person" }] },
  ]);
  expect(planned({}, {})).toEqual([]);
});

test("[run/stop-deleted] a merge is left to settle, and nobody is told twice", () => {
  expect(planned({ kind: "merge" }, { deletion, hasRuns: true })).toEqual([]);
  expect(planned({ stopOrderedAt: 5 }, { deletion, hasRuns: true })).toEqual([]);
});
