import { expect, test } from "bun:test";
import { actionsOf, run, snapshot, stepsOf, turn } from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const again = (change: Parameters<typeof snapshot>[0]) =>
  actionsOf(stepsOf(reconcile(snapshot(change)), "session/recover-turn"), "turn_again");

test("[session/recover-turn] a turn under way whose run is gone waits for the next one", () => {
  const turns = [turn({ state: "running", runId: "rn_7" })];
  expect(again({ turns })).toMatchObject([{ turnId: "tn_1", counted: true }]);
  const live = run({ id: "rn_7", kind: "session", sessionId: "se_1", resource: "session:se_1" });
  expect(again({ turns, runs: [live] })).toEqual([]);
});
