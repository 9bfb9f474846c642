import { expect, test } from "bun:test";
import {
  actionsOf,
  convoy,
  member,
  snapshot,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const branch = "gastown/convoy/all-abc123";
const onBranch = { landedOn: `refs/heads/${branch}` };
const oid = (digit: string) => digit.repeat(40);
const planned = (members: ReturnType<typeof member>[], state: "active" | "landing" = "active") =>
  reconcile(snapshot({ convoys: [convoy({ branch, state, members })] }));

test("[convoy/begin-landing] when all beads are on the convoy's branch, its tip is landed once", () => {
  const members = [
    member({ ...onBranch, id: "bd_1", tipOid: oid("2"), landingN: 2 }),
    member({ ...onBranch, id: "bd_2", tipOid: oid("1"), landingN: 1 }),
    member({ id: "bd_3", outcome: "nothing_to_do", landedOn: null }),
  ];
  const steps = stepsOf(planned(members), "convoy/begin-landing");
  expect(actionsOf(steps, "open_landing")).toMatchObject([{ headOid: oid("2") }]);
  expect(actionsOf(steps, "move_convoy")).toMatchObject([{ event: "landing_started" }]);
});

test("[convoy/begin-landing] it waits for every bead, its landing included, and fails with a cancelled one", () => {
  const open = member({ id: "bd_2", status: "open", outcome: null, landedOn: null });
  const landing = { ...open, id: "bd_3", status: "in_review" as const, landing: true };
  for (const other of [open, landing])
    expect(planned([member(onBranch), other], "landing").steps).toEqual([]);
  const cancelled = member({ id: "bd_2", outcome: "cancelled", landedOn: null });
  const failed = stepsOf(planned([member(onBranch), cancelled]), "convoy/fail");
  expect(actionsOf(failed, "move_convoy")[0]?.text).toContain(`kept on ${branch}`);
});

test("[convoy/begin-landing] what the landing brought to the target is not landed again", () => {
  const members = [member(), member({ id: "bd_2", landing: true })];
  const plan = planned(members, "landing");
  expect(stepsOf(plan, "convoy/begin-landing")).toEqual([]);
  expect(stepsOf(plan, "convoy/land")).toHaveLength(1);
  const late = member({ ...onBranch, id: "bd_3", landingN: 3 });
  expect(stepsOf(planned([...members, late], "active"), "convoy/begin-landing")).toHaveLength(1);
});
