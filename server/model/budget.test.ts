import { expect, test } from "bun:test";
import { costMicroUsd } from "./budget.ts";

const used = {
  inputTokens: 1_000,
  outputTokens: 200,
  reasoningTokens: 100,
  cacheReadTokens: 5_000,
  cacheWriteTokens: 400,
};

test("[C16] a call costs what its classes cost, reasoning as output", () => {
  const price = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 };
  expect(costMicroUsd(used, null, price)).toBe(3_000 + 300 * 15 + 1_500 + 1_500);
});

test("[C16] a cache class without a price costs as input", () => {
  expect(costMicroUsd(used, null, { input: 2, output: 0 })).toBe(2 * 6_400);
});

test("[C16] the endpoint's own figure wins, also when it is nothing; without either a call is unpriced", () => {
  expect(costMicroUsd(used, 0.25, { input: 3, output: 15 })).toBe(250_000);
  expect(costMicroUsd(used, 0, { input: 3, output: 15 })).toBe(0);
  expect(costMicroUsd(used, null, undefined)).toBeNull();
});
