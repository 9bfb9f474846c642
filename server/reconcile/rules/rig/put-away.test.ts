import { expect, test } from "bun:test";
import { issue, rig, snapshot, stepsOf } from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const deletion = { by: "person:owner", at: 1, work: "save" } as const;

test("[rig/put-away] a deleted rig is in the trash when no run of it lives or waits to be settled", () => {
  const planned = (hasRuns: boolean) =>
    stepsOf(reconcile(snapshot({ rigs: [rig({ deletion, hasRuns })] })), "rig/put-away");
  expect(planned(true)).toEqual([]);
  expect(planned(false)).toMatchObject([
    { key: "rg_1", actions: [{ do: "trash_rig", rigId: "rg_1" }] },
  ]);
});

test("[rig/put-away] nothing of it is started meanwhile, not even its baseline", () => {
  const ofRig = rig({ deletion, hasRuns: true, state: "checking" });
  const { steps } = reconcile(snapshot({ rigs: [ofRig], issues: [issue()] }));
  expect(steps.flatMap(({ actions }) => actions).map((action) => action.do)).toEqual(["wait"]);
  expect(JSON.stringify(steps)).toContain("rig sample is being deleted");
});
