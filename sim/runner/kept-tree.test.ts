import { expect, test } from "bun:test";
import { polecat, refinery, stage, STEPS_MAX } from "../../tests/support/one-bead.ts";
import type { Answer } from "../agent/answer.ts";
import { runUntil } from "../steps.ts";

test("[C5] a tree that cannot be saved stays, and the town is told where; the bead goes on without it", async () => {
  let first = true;
  const scene = stage({
    mindOf: ({ role }) => {
      const dying: Answer[] = [{ writes: { "line.txt": "mine\n" }, goesOn: true }, { dies: true }];
      const left = [...(first ? dying : role === "polecat" ? polecat : refinery)];
      scene.host.files.full = first;
      first = false;
      return () => left.shift() ?? {};
    },
  });
  scene.host.start();
  await runUntil(scene.clock, () => scene.town.of("tree_kept").length > 0, STEPS_MAX);
  const [kept] = scene.town.of("tree_kept");
  const trees = [...scene.host.files.trees.values()];
  expect(trees.map(({ record }) => record.dir)).toEqual([kept?.dir ?? ""]);
  expect(trees[0]?.files.get("line.txt")).toBe("mine\n");
  expect(kept?.reason).toContain("the disk is full");
  await runUntil(scene.clock, () => scene.town.done, STEPS_MAX);
  expect(scene.town.of("landed")).toHaveLength(1);
  expect([...scene.host.files.trees.values()]).toEqual(trees);
});

test("[C5] an agent that cannot hand in because its host has no room is not blamed", async () => {
  let met = false;
  const scene = stage({
    mindOf: ({ role }) => {
      const left = [...(role === "polecat" ? polecat : refinery)];
      scene.host.files.full = !met;
      met = true;
      return () => left.shift() ?? {};
    },
  });
  scene.host.start();
  await runUntil(scene.clock, () => scene.town.done, STEPS_MAX);
  const [first] = scene.town.of("exit");
  expect(first).toMatchObject({ outcome: "lost", reason: { code: "not_saved" } });
});
