import { expect, test } from "bun:test";
import { actionsOf, mail, snapshot, stepsOf } from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const taken = (change: Parameters<typeof mail>[0]) =>
  actionsOf(stepsOf(reconcile(snapshot({ mails: [mail(change)] })), "mail/take-back"), "move_mail");

test("[mail/take-back] what a run had and did not see waits for the next one", () => {
  for (const state of ["queued", "delivered"] as const) {
    expect(taken({ state, runId: "rn_1", runLives: false })).toMatchObject([
      { mailId: "ml_1", event: "run_ended" },
    ]);
    expect(taken({ state, runId: "rn_1", runLives: true })).toEqual([]);
  }
  expect(taken({ runId: null })).toEqual([]);
});
