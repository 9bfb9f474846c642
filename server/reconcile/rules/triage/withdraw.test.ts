import { expect, test } from "bun:test";
import { actionsOf, run, snapshot, stepsOf, triage } from "../../../../tests/support/snapshot.ts";
import { POLICY } from "../../../model/policy.ts";
import { reconcile } from "../../reconcile.ts";

const policy = { ...POLICY, triage: 1 };
const withdrawn = (change: Parameters<typeof triage>[0], on = 1) =>
  stepsOf(
    reconcile(snapshot({ policy: { ...policy, triage: on }, triages: [triage(change)] })),
    "triage/withdraw",
  );

test("[triage/withdraw] nobody decides about what is over, or when triage is off", () => {
  expect(withdrawn({})).toEqual([]);
  expect(withdrawn({ escalationState: "acknowledged" })).toEqual([]);
  expect(withdrawn({ escalationState: "resolved", tries: 9 })).toHaveLength(1);
  expect(withdrawn({ escalationState: null })).toHaveLength(1);
  expect(withdrawn({ isPersons: true })).toHaveLength(1);
  expect(withdrawn({}, 0)).toHaveLength(1);
});

test("[triage/withdraw] [run/stop-orphan] a triage run without a request is stopped, unless it has decided something", () => {
  const live = run({ kind: "triage", resource: "triage:town", beadId: null, rigId: null });
  const stopped = (change: Parameters<typeof run>[0], runId: string | null) =>
    actionsOf(
      reconcile(snapshot({ policy, runs: [{ ...live, ...change }], triages: [triage({ runId })] }))
        .steps,
      "order_stop",
    );
  expect(stopped({}, "rn_1")).toEqual([]);
  expect(stopped({}, null)).toMatchObject([{ runId: "rn_1" }]);
  expect(stopped({ progressed: true }, null)).toEqual([]);
});
