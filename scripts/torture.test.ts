import { expect, test } from "bun:test";
import { parseArguments } from "./torture/arguments.ts";

test("[R3] a torture takes 200 beads and 30 minutes, the last five of them quiet", () => {
  expect(parseArguments([], 7)).toEqual({
    ...{ beads: 200, runners: 3, seed: 7 },
    ...{ faultsMs: 25 * 60_000, quietMsMax: 5 * 60_000 },
  });
  expect(parseArguments(["--minutes", "3", "--beads=8", "--seed", "9"], 7)).toMatchObject({
    ...{ beads: 8, seed: 9, faultsMs: 120_000, quietMsMax: 60_000 },
  });
});

test("[R3] what cannot be meant is refused by its name", () => {
  expect(parseArguments(["--beads", "none"], 7)).toContain("--beads");
  expect(parseArguments(["--minutes", "0"], 7)).toContain("--minutes");
  expect(parseArguments(["--forever"], 7)).toContain("--forever");
});
