import { expect, test } from "bun:test";
import { actionsOf, snapshot, stepsOf, triage } from "../../../../tests/support/snapshot.ts";
import { POLICY } from "../../../model/policy.ts";
import { reconcile } from "../../reconcile.ts";

const expired = (change: Parameters<typeof triage>[0]) => {
  const plan = reconcile(snapshot({ policy: { ...POLICY, triage: 1 }, triages: [triage(change)] }));
  return stepsOf(plan, "triage/expire");
};

test("[triage/expire] [C5] after its last try nobody is asked again, and people are told at once", () => {
  expect(expired({ tries: 1 })).toEqual([]);
  expect(expired({ tries: 2, runId: "rn_1" })).toEqual([]);
  const steps = expired({ tries: 2 });
  expect(actionsOf(steps, "end_triage")).toMatchObject([{ requestId: "tr_1", event: "expired" }]);
  expect(actionsOf(steps, "raise_to_people")).toMatchObject([{ escalationId: "es_1" }]);
});
