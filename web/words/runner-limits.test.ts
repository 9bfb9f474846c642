import { expect, test } from "bun:test";
import type { Rig, Runner } from "../../protocol/index.ts";
import { limitsOf } from "./runner-limits.ts";

const runner = { rights: [], labels: ["gpu"], revokedAt: null } as unknown as Runner;
const rigs = [
  { name: "tools", labels: [] },
  { name: "shop", labels: ["gpu", "linux/arm64"] },
] as unknown as Rig[];

test("[C7] the page says what a runner is not given: for want of a right, and of which rig's labels", () => {
  expect(limitsOf(runner, rigs)).toEqual([
    "its agents call the model through the town: it may not have the key",
    "gets no landings: it may not merge",
    "not for rig shop, which wants linux/arm64",
  ]);
  const whole: Runner = { ...runner, rights: ["model", "merge"] };
  expect(limitsOf({ ...whole, labels: ["gpu", "linux/arm64"] }, rigs)).toEqual([]);
  expect(limitsOf({ ...runner, revokedAt: 1 }, rigs)).toEqual([]);
});
