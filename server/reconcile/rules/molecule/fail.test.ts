import { expect, test } from "bun:test";
import {
  actionsOf,
  molecule,
  snapshot,
  step,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const open = step({ n: 2, title: "Second", status: "open", outcome: null });

test("[molecule/fail] a molecule whose steps are all closed, one as cancelled, has failed and names it", () => {
  const lost = step({ n: 2, title: "Paint it", outcome: "cancelled" });
  const plan = reconcile(snapshot({ molecules: [molecule({ steps: [step(), lost] })] }));
  expect(actionsOf(stepsOf(plan, "molecule/fail"), "move_molecule")[0]?.failure).toMatchObject({
    code: "steps_cancelled",
    message: expect.stringContaining("1 of 2 steps were cancelled: “Paint it”"),
  });
  const going = molecule({ current: 2, steps: [{ ...lost, n: 1 }, open] });
  expect(reconcile(snapshot({ molecules: [going] })).steps).toEqual([]);
});
