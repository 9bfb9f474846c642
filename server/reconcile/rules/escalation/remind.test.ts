import { expect, test } from "bun:test";
import {
  actionsOf,
  escalation,
  NOW,
  snapshot,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { POLICY } from "../../../model/policy.ts";
import { reconcile } from "../../reconcile.ts";

const plan = (change: Parameters<typeof escalation>[0]) =>
  reconcile(snapshot({ escalations: [escalation(change)] }));
const reminder = (change: Parameters<typeof escalation>[0]) =>
  actionsOf(stepsOf(plan(change), "escalation/remind"), "remind_escalation")[0];

test("[escalation/remind] nobody is reminded before the time, and the time is a timer", () => {
  const remindAt = NOW + 1;
  expect(reminder({ remindAt })).toBeUndefined();
  expect(plan({ remindAt }).timers).toContainEqual({
    subject: "es_1",
    kind: "remind",
    dueAt: remindAt,
  });
});

test("[escalation/remind] one that nobody acknowledged rises one step", () => {
  expect(reminder({ severity: "low", remindAt: NOW })).toMatchObject({
    severity: "medium",
    remindAt: NOW + POLICY.escalationRemindMs,
  });
});

test("[escalation/remind] at critical it goes on, calmly", () => {
  const calm = NOW + POLICY.escalationCalmMs;
  expect(reminder({ severity: "high", remindAt: NOW })).toMatchObject({
    severity: "critical",
    remindAt: calm,
  });
  expect(reminder({ severity: "critical", remindAt: NOW, reminders: 40 })).toMatchObject({
    severity: "critical",
    remindAt: calm,
  });
});

test("[escalation/remind] one that was acknowledged rises no more, and is not forgotten", () => {
  expect(reminder({ state: "acknowledged", severity: "low", remindAt: NOW })).toMatchObject({
    severity: "low",
    remindAt: NOW + POLICY.escalationCalmMs,
  });
});
