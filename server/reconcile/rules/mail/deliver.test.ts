import { expect, test } from "bun:test";
import { actionsOf, mail, NOW, snapshot, stepsOf } from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const handed = (change: Parameters<typeof mail>[0]) =>
  actionsOf(stepsOf(reconcile(snapshot({ mails: [mail(change)] })), "mail/deliver"), "hand_mail");
const taker = { takerId: "rn_1", takerState: "running" } as const;

test("[mail/deliver] a message goes to the run that can take it, once", () => {
  expect(handed(taker)).toMatchObject([{ mailId: "ml_1", runId: "rn_1" }]);
  expect(handed({})).toEqual([]);
  expect(handed({ ...taker, runId: "rn_1", runLives: true })).toEqual([]);
  expect(handed({ ...taker, expiresAt: NOW })).toEqual([]);
});
