import { expect, test } from "bun:test";
import { CallMeter } from "./call-meter.ts";
import { chatDialect } from "./chat.ts";

function asked(content: string): number {
  return new CallMeter(chatDialect.openReader(), { content }).spent().inputTokens;
}

test("[C16] a question that was cut off counts by its words, and not by the pictures in it", () => {
  const empty = asked("");
  expect(asked("w".repeat(999)) - empty).toBeWithin(249, 251);
  expect(asked(`${"Az09+/=".repeat(1_000)}`) - empty).toBeWithin(-1, 1);
  expect(asked(`${"a".repeat(5_000)} ${"b".repeat(400)}`) - empty).toBeWithin(100, 102);
  expect(asked("-".repeat(4_000)) - empty).toBeWithin(999, 1_001);
});

test("[C16] [R9] a question that was made to take long to reckon holds nobody up", () => {
  const words = `${"a".repeat(999)} `.repeat(16_000);
  const began = performance.now();
  expect(asked(words)).toBeGreaterThan(3_900_000);
  expect(performance.now() - began).toBeLessThan(1_500);
});
