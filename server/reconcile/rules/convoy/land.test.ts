import { expect, test } from "bun:test";
import { convoy, member, snapshot, stepsOf } from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const landed = member();
const idle = member({ id: "bd_2", outcome: "nothing_to_do", landedOn: null });

test("[convoy/land] a convoy has landed when every bead is closed and none was cancelled", () => {
  const plan = reconcile(snapshot({ convoys: [convoy({ members: [landed, idle] })] }));
  expect(stepsOf(plan, "convoy/land")).toHaveLength(1);
});

test("[convoy/land] an open or failed bead keeps it active", () => {
  for (const status of ["open", "in_progress", "in_review", "failed"] as const) {
    const members = [landed, member({ id: "bd_3", status, outcome: null, landedOn: null })];
    expect(reconcile(snapshot({ convoys: [convoy({ members })] })).steps).toEqual([]);
  }
  expect(stepsOf(reconcile(snapshot({ convoys: [convoy()] })), "convoy/land")).toEqual([]);
});
