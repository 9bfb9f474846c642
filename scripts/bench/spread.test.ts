import { expect, test } from "bun:test";
import { median, medianRatio, percentile, slopeOf } from "./spread.ts";

test("[BENCH-spread] the median is the middle value, the upper one of two, and no number of nothing", () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([1, 2])).toBe(2);
  expect(median([])).toBeNaN();
});

test("[BENCH-spread] a percentile sorts by size, not by text, and its end is the largest value", () => {
  const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
  expect(percentile(hundred, 0.5)).toBe(51);
  expect(percentile(hundred, 0.99)).toBe(100);
  expect(percentile([100, 20, 3], 1)).toBe(100);
  expect(percentile([], 0.99)).toBeNaN();
});

test("[BENCH-spread] a ratio is taken pair by pair, so that a slow minute weighs on both sides of its pair only", () => {
  const pairs = [
    [20, 10],
    [2, 1],
    [30, 10],
  ] as const;
  expect(medianRatio(pairs)).toBe(2);
  expect(medianRatio([[1, 0]])).toBe(Number.POSITIVE_INFINITY);
  expect(medianRatio([])).toBeNaN();
});

test("[R7] the slope of points is that of the line through them", () => {
  const line = [0, 1, 2, 3].map((x) => [x, 5 + 2 * x] as const);
  expect(slopeOf(line)).toBeCloseTo(2, 10);
  expect(slopeOf([...line, [1.5, 100]])).toBeCloseTo(2, 10);
  expect(slopeOf([[1, 1]])).toBeNaN();
});
