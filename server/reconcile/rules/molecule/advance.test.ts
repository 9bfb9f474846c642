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

test("[molecule/advance] the current step is the first that is not closed, forwards and backwards", () => {
  const forwards = molecule({ current: 1, steps: [step(), open] });
  const plan = reconcile(snapshot({ molecules: [forwards] }));
  expect(actionsOf(stepsOf(plan, "molecule/advance"), "move_molecule")[0]).toMatchObject({
    event: "advanced",
    current: 2,
    text: "step 2 of 2: Second",
  });
  const reopened = step({ status: "open", outcome: null });
  const backwards = molecule({ current: 2, steps: [reopened, open] });
  const back = reconcile(snapshot({ molecules: [backwards] }));
  expect(actionsOf(stepsOf(back, "molecule/advance"), "move_molecule")[0]?.current).toBe(1);
  const there = molecule({ current: 2, steps: [step(), open] });
  expect(reconcile(snapshot({ molecules: [there] })).steps).toEqual([]);
});
