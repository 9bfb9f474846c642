import { expect, test } from "bun:test";
import { actionsOf, mail, NOW, snapshot, stepsOf } from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

test("[mail/expire] a message that nobody saw in its time is not delivered any more", () => {
  const plan = (expiresAt: number) =>
    reconcile(snapshot({ mails: [mail({ expiresAt, takerId: "rn_1", takerState: "running" })] }));
  const expired = (expiresAt: number) =>
    actionsOf(stepsOf(plan(expiresAt), "mail/expire"), "move_mail");
  expect(expired(NOW + 1)).toEqual([]);
  expect(plan(NOW + 1).timers).toContainEqual({ subject: "ml_1", kind: "expiry", dueAt: NOW + 1 });
  expect(expired(NOW)).toMatchObject([{ mailId: "ml_1", event: "expired" }]);
});
