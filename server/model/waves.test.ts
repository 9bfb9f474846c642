import { expect, test } from "bun:test";
import { overlapsOf, wavesOf, type PlannedTask } from "./waves.ts";

const task = (id: string, waitsFor: string[] = [], body = ""): PlannedTask => ({
  id,
  title: id,
  body,
  waitsFor,
});

test("[B5] a plan's waves: what waits comes after all it waits for", () => {
  const tasks = [task("d", ["b", "c"]), task("a"), task("b", ["a"]), task("c", ["a", "outside"])];
  expect(wavesOf(tasks)).toEqual([["a"], ["b", "c"], ["d"]]);
  expect(wavesOf([])).toEqual([]);
  expect(wavesOf([task("a", ["b"]), task("b", ["a"])])).toEqual([["a", "b"]]);
});

test("[B5] tasks side by side that name one file are told; those in order are not", () => {
  const tasks = [
    task("a", [], "Change src/list.ts, e.g. its order"),
    task("b", [], "In src/list.ts and README.md"),
    task("c", ["b"], "Then README.md again, e.g. here"),
    task("d", ["c"], "And src/list.ts at the end"),
  ];
  expect(overlapsOf(tasks)).toEqual([
    { tasks: ["a", "b"], files: ["src/list.ts"] },
    { tasks: ["a", "d"], files: ["src/list.ts"] },
  ]);
});
