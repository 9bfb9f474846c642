import { expect, test } from "bun:test";
import {
  actionsOf,
  escalation,
  issue,
  NOW,
  snapshot,
  stepsOf,
  triage,
} from "../../../../tests/support/snapshot.ts";
import { POLICY } from "../../../model/policy.ts";
import { reconcile } from "../../reconcile.ts";

const policy = { ...POLICY, triage: 1 };
const asks = (n: number, change: Parameters<typeof escalation>[0] = {}) =>
  escalation({ id: `es_${n}`, subjectId: `bd_${n}`, ambiguous: true, ...change });
const requested = (change: Parameters<typeof snapshot>[0]) =>
  actionsOf(
    stepsOf(reconcile(snapshot({ policy, ...change })), "triage/request"),
    "request_triage",
  ).map(({ escalationId }) => escalationId);

test("[triage/request] [C1] an ambiguous escalation that nobody has seen is asked about", () => {
  expect(requested({ escalations: [asks(1)] })).toEqual(["es_1"]);
  expect(requested({ escalations: [asks(1, { ambiguous: false })] })).toEqual([]);
  expect(requested({ escalations: [asks(1, { state: "acknowledged" })] })).toEqual([]);
  expect(requested({ escalations: [asks(1)], policy: { ...policy, triage: 0 } })).toEqual([]);
});

test.each(["rn_1", "ag_1", "tr_1", null])(
  "[triage/request] [C5] never about anything but an issue bead: not about %s",
  (subjectId) => {
    expect(requested({ escalations: [asks(1, { subjectId })] })).toEqual([]);
  },
);

test("[triage/request] [C5] at most one is open about a bead, a few in all, and a bead's are capped for life", () => {
  const same = [asks(1), asks(2, { subjectId: "bd_1" }), asks(3)];
  expect(requested({ escalations: same })).toEqual(["es_1", "es_3"]);
  expect(requested({ escalations: [asks(1, { triages: { isOpen: true, made: 1 } })] })).toEqual([]);
  expect(requested({ escalations: [asks(1, { triages: { isOpen: false, made: 5 } })] })).toEqual(
    [],
  );
  const many = Array.from({ length: 9 }, (_, n) => asks(n));
  const open = Array.from({ length: 3 }, (_, n) =>
    triage({ id: `tr_${n}`, workBeadId: `bd_x${n}` }),
  );
  expect(requested({ escalations: many, triages: open })).toEqual(["es_0", "es_1"]);
});

test("[triage/request] what is over, or is to remind first, takes no place from another", () => {
  const small = { ...policy, triageOpenMax: 1 };
  const due = asks(1, { remindAt: NOW });
  const over = asks(2, { holdsWhile: ["open"], subjectState: "closed" });
  expect(requested({ escalations: [due, over, asks(3)], policy: small })).toEqual(["es_3"]);
});

test("[triage/request] a call for help keeps no bead from being dispatched", () => {
  const plan = reconcile(snapshot({ policy, escalations: [asks(1)], issues: [issue()] }));
  expect(actionsOf(plan.steps, "offer")[0]?.request.kind).toBe("work");
});
