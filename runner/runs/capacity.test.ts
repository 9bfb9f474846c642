import { expect, test } from "bun:test";
import { hasRoom, outranks } from "./capacity.ts";

test("[C6] work and reviews share the slots; every other kind has a cap of its own", () => {
  expect(hasRoom("work", ["work", "session", "check", "merge"], 2)).toBe(true);
  expect(hasRoom("review", ["work", "review"], 2)).toBe(false);
  expect(hasRoom("check", ["work", "work"], 2)).toBe(true);
  expect(hasRoom("check", ["check", "check"], 2)).toBe(false);
  expect(hasRoom("session", ["work"], 1)).toBe(true);
});

test("[C6] a fence outranks by epoch, then by count, and never itself", () => {
  expect(outranks({ epoch: 2, n: 1 }, { epoch: 1, n: 9 })).toBe(true);
  expect(outranks({ epoch: 1, n: 10 }, { epoch: 1, n: 9 })).toBe(true);
  expect(outranks({ epoch: 1, n: 9 }, { epoch: 1, n: 9 })).toBe(false);
  expect(outranks({ epoch: 1, n: 9 }, { epoch: 2, n: 1 })).toBe(false);
});
