import { expect, test } from "bun:test";
import { NOW, snapshot, stepsOf } from "../../../../tests/support/snapshot.ts";
import { POLICY } from "../../../model/policy.ts";
import { reconcile } from "../../reconcile.ts";

test("[rig/purge] a rig in the trash is removed for good when its time is over, by its timer", () => {
  const planned = (removedAt: number) =>
    reconcile(snapshot({ trash: [{ id: "rg_2", removedAt }] }));
  const removedAt = NOW - POLICY.trashKeptMs;
  expect(stepsOf(planned(removedAt), "rig/purge")).toMatchObject([
    {
      key: "rg_2",
      expect: [{ table: "trash", id: "rg_2", state: "there" }],
      actions: [{ do: "purge_rig", rigId: "rg_2" }],
    },
  ]);
  const early = planned(removedAt + 1);
  expect(stepsOf(early, "rig/purge")).toEqual([]);
  expect(early.timers.filter(({ subject }) => subject === "rg_2")).toEqual([
    { subject: "rg_2", kind: "trash", dueAt: NOW + 1 },
  ]);
});
