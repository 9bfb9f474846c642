import { expect, test } from "bun:test";
import {
  actionsOf,
  molecule,
  snapshot,
  step,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const cancelled = step({ n: 2, outcome: "cancelled" });

test("[molecule/finish] a molecule is done when every step landed, needed nothing or was skipped", () => {
  const others = [step({ n: 2, outcome: "nothing_to_do" }), { ...cancelled, skipped: true }];
  for (const state of ["active", "asking"] as const) {
    const done = molecule({ state, steps: [step(), ...others] });
    const [move] = actionsOf(
      stepsOf(reconcile(snapshot({ molecules: [done] })), "molecule/finish"),
      "move_molecule",
    );
    expect(move).toMatchObject({ event: "steps_done", current: null });
    expect(move?.text).toContain("1 skipped");
  }
});

test("[molecule/finish] a cancelled step, or one that is at work, is not done", () => {
  for (const other of [cancelled, step({ n: 2, status: "in_review", outcome: null })]) {
    const plan = reconcile(snapshot({ molecules: [molecule({ steps: [step(), other] })] }));
    expect(stepsOf(plan, "molecule/finish")).toEqual([]);
  }
});
