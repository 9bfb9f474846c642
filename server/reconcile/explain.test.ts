import { expect, test } from "bun:test";
import { held, rig, runner, snapshot } from "../../tests/support/snapshot.ts";
import { explain } from "./explain.ts";
import type { RigView, Snapshot } from "./snapshot.ts";

const PAINTED = { lfs: "fetched" } as const;

/** Why a rig is where it is, and what would help. */
function told(change: Partial<RigView>, more: Partial<Snapshot>) {
  const explained = explain(snapshot({ rigs: [rig(change)], ...more }), "rg_1");
  return {
    reasons: explained?.reasons.map(({ text }) => text) ?? [],
    can: explained?.can.map(({ text }) => text) ?? [],
  };
}

test("[C22] [C19] where one runner has git-lfs and another the program, the words name who lacks what, and pointers would help", () => {
  const runners = [
    runner({ id: "ru_1", name: "a", programs: ["opencode"] }),
    runner({ id: "ru_2", name: "b", lfs: false }),
  ];
  const { reasons, can } = told(PAINTED, { runners });
  expect(reasons[0]).toStartWith(
    "of the runners that rig sample could have otherwise (a), none has kilo, which a polecat",
  );
  expect(can).toEqual(["Let its trees have pointers"]);
});

test("[C22] [C7] where one runner has git-lfs and another the right to merge, a ready rig says that nobody may land its work", () => {
  const runners = [
    runner({ id: "ru_1", name: "a", rights: ["model"] }),
    runner({ id: "ru_2", name: "b", lfs: false }),
  ];
  const { reasons, can } = told(PAINTED, { runners });
  expect(reasons).toEqual([
    "of the runners that rig sample could have otherwise (a), none may land work: give one the right merge",
  ]);
  expect(can).toEqual(["Let its trees have pointers", "Let runner a land work"]);
});

test("[C22] [C7] where the runner that has git-lfs has not the rig's label, or is away, that would help too", () => {
  const without = runner({ id: "ru_2", name: "b", labels: ["gpu"], lfs: false });
  const unlabelled = [runner({ id: "ru_1", name: "a" }), without];
  const first = told({ ...PAINTED, labels: ["gpu"] }, { runners: unlabelled });
  expect(first.reasons).toEqual([
    expect.stringContaining("of the runners that rig sample could have otherwise (b), none has"),
  ]);
  expect(first.can).toContain("Give runner a the labels of the rig");
  const away = { by: "person:me", at: 1, reason: "" };
  const going = [runner({ id: "ru_1", name: "a", away }), without];
  expect(told(PAINTED, { runners: going }).can).toContain("Let runner a work again");
});

test("[B16] a rig whose baseline waits says for what: a runner's place, or the runners of a town that has just begun", () => {
  const full = { held: [held({ kind: "check", runnerId: "ru_1", count: 99 })] };
  expect(told({ state: "checking" }, full).reasons).toEqual(["every runner is busy"]);
  const begun = { runners: [runner({ online: false })], observingUntil: 1e15 };
  expect(told({ state: "checking" }, begun).reasons).toEqual([
    "waits for the runners of the town to come back",
  ]);
});
