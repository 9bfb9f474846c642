import { expect, test } from "bun:test";
import {
  actionsOf,
  convoy,
  member,
  snapshot,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

test("[convoy/fail] a convoy whose beads are all closed, one as cancelled, has failed and says why", () => {
  const members = [member(), member({ id: "bd_2", outcome: "cancelled", landedOn: null })];
  const plan = reconcile(snapshot({ convoys: [convoy({ members })] }));
  expect(actionsOf(stepsOf(plan, "convoy/fail"), "move_convoy")[0]?.failure).toMatchObject({
    code: "beads_cancelled",
    message: expect.stringContaining("1 of 2"),
  });
  expect(stepsOf(plan, "convoy/land")).toEqual([]);
});

test("[convoy/fail] a convoy that no bead is left in has failed", () => {
  const plan = reconcile(snapshot({ convoys: [convoy()] }));
  expect(actionsOf(stepsOf(plan, "convoy/fail"), "move_convoy")[0]).toMatchObject({
    event: "tasks_lost",
    text: "no bead is left in it",
  });
});
