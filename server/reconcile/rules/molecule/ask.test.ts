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

test("[molecule/ask] a failed step of an active molecule asks, once", () => {
  const steps = [step({ status: "failed", outcome: null }), open];
  const plan = reconcile(snapshot({ molecules: [molecule({ steps })] }));
  expect(actionsOf(stepsOf(plan, "molecule/ask"), "move_molecule")[0]).toMatchObject({
    event: "step_failed",
    text: expect.stringContaining("step 1 of 2 has failed"),
  });
  const asking = molecule({ state: "asking", steps });
  expect(reconcile(snapshot({ molecules: [asking] })).steps).toEqual([]);
});
