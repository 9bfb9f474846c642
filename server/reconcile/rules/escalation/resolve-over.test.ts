import { expect, test } from "bun:test";
import { actionsOf, escalation, snapshot, stepsOf } from "../../../../tests/support/snapshot.ts";
import { holdsWhileOf, isOver } from "../../../model/escalation.ts";
import { reconcile } from "../../reconcile.ts";

const resolved = (change: Parameters<typeof escalation>[0]) =>
  actionsOf(
    stepsOf(reconcile(snapshot({ escalations: [escalation(change)] })), "escalation/resolve-over"),
    "resolve_escalation",
  );

test("[escalation/resolve-over] an escalation ends with the condition of its subject", () => {
  const holdsWhile = ["needs_person"];
  expect(resolved({ subjectId: "mr_1", subjectState: "needs_person", holdsWhile })).toEqual([]);
  expect(resolved({ subjectId: "mr_1", subjectState: "approved", holdsWhile })).toHaveLength(1);
});

test("[escalation/resolve-over] a subject that is gone calls for nobody", () => {
  const gone = { subjectId: "rg_1", subjectState: null, holdsWhile: ["parked"] };
  expect(resolved(gone)[0]?.note).toContain("gone");
});

test("[escalation/resolve-over] what no state ends waits for a person", () => {
  expect(resolved({ subjectId: null, subjectState: null, holdsWhile: null })).toEqual([]);
});

test("[escalation/resolve-over] it comes before a reminder that is due", () => {
  const due = { remindAt: 0, subjectId: "bd_1", subjectState: "closed", holdsWhile: ["failed"] };
  expect(resolved(due)).toHaveLength(1);
});

test("[D16] what holds by default depends on what the subject is", () => {
  expect(isOver(holdsWhileOf("bd_1"), "failed")).toBe(false);
  expect(isOver(holdsWhileOf("bd_1"), "closed")).toBe(true);
  expect(isOver(holdsWhileOf("mr_1"), "needs_person")).toBe(false);
  expect(isOver(holdsWhileOf("mr_1"), "approved")).toBe(true);
  expect(isOver(holdsWhileOf("rg_1"), "parked")).toBe(false);
  expect(isOver(holdsWhileOf("rg_1"), "ready")).toBe(true);
  expect(holdsWhileOf("rn_1")).toBeNull();
  expect(holdsWhileOf(null)).toBeNull();
});
