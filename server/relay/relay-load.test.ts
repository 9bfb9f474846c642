import { expect, test } from "bun:test";
import { RelayLoad } from "./relay-load.ts";

const MB = 1024 * 1024;

test("[C16] [R9] a run whose requests are as large as they may be leaves room for those of other runs", () => {
  const load = new RelayLoad();
  const taken = [];
  for (let free = load.take("greedy", 16 * MB); free !== "run"; free = load.take("greedy", 16 * MB))
    taken.push(free);
  expect(taken).toHaveLength(2);
  expect(taken).not.toContain("town");
  expect(load.take("other", 16 * MB)).toBeFunction();
  const [first] = taken;
  if (typeof first === "function") first();
  expect(load.take("greedy", 16 * MB)).toBeFunction();
});

test("[C16] a place is given back once, and small calls of a run are bounded by their number", () => {
  const load = new RelayLoad();
  const taken = Array.from({ length: 8 }, () => load.take("run", 1));
  expect(load.take("run", 1)).toBe("run");
  const [first] = taken;
  if (typeof first !== "function") throw new Error("no place was given");
  first();
  first();
  expect(load.take("run", 1)).toBeFunction();
  expect(load.take("run", 1)).toBe("run");
});
