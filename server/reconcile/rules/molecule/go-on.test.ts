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

test("[molecule/go-on] a molecule that asks goes on when no step is failed any more", () => {
  const asking = molecule({ state: "asking", current: 2, steps: [step(), open] });
  const plan = reconcile(snapshot({ molecules: [asking] }));
  expect(actionsOf(stepsOf(plan, "molecule/go-on"), "move_molecule")).toMatchObject([
    { event: "steps_mended" },
  ]);
  const failed = step({ n: 2, status: "failed", outcome: null });
  const still = molecule({ ...asking, steps: [step(), failed] });
  expect(reconcile(snapshot({ molecules: [still] })).steps).toEqual([]);
});
