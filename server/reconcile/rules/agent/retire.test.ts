import { expect, test } from "bun:test";
import { agent, NOW, snapshot, stepsOf } from "../../../../tests/support/snapshot.ts";
import { POLICY } from "../../../model/policy.ts";
import { reconcile } from "../../reconcile.ts";

const planned = (change: Parameters<typeof agent>[0]) =>
  reconcile(snapshot({ agents: [agent(change)] }));

test("[agent/retire] an agent that nobody needed for a week retires, by its timer", () => {
  const idleSince = NOW - POLICY.agentIdleMs;
  expect(stepsOf(planned({ idleSince }), "agent/retire")).toMatchObject([
    {
      key: "ag_1",
      expect: [{ table: "agent", state: "idle" }],
      actions: [{ do: "retire_agent", agentId: "ag_1" }],
    },
  ]);
  const early = planned({ idleSince: idleSince + 1 });
  expect(early.steps).toEqual([]);
  expect(early.timers.filter(({ subject }) => subject === "ag_1")).toEqual([
    { subject: "ag_1", kind: "idle", dueAt: NOW + 1 },
  ]);
});

test("[agent/retire] one that somebody wishes for, or writes to, stays, and waits on those", () => {
  const plan = planned({ idleSince: 0, isWanted: true });
  expect(plan.steps).toEqual([]);
  expect(plan.timers.filter(({ subject }) => subject === "ag_1")).toEqual([]);
});
