import { expect, test } from "bun:test";
import { cutEnd, cutMiddle } from "./cut-text.ts";

test("[C4] long text keeps head and tail within its limit and says what is missing", () => {
  const text = `head${"x".repeat(5_000)}tail`;
  const cut = cutMiddle(text, 1_000);
  expect(cut.length).toBeLessThanOrEqual(1_000);
  expect([
    cut.startsWith("head"),
    cut.endsWith("tail"),
    cut.includes("characters left out"),
  ]).toEqual([true, true, true]);
  expect(cutMiddle("short", 1_000)).toBe("short");
  for (let max = 0; max < 200; max += 7)
    expect(cutMiddle(text, max).length).toBeLessThanOrEqual(max);
});

test("[C4] a cut end shows that it is cut", () => {
  expect([cutEnd("abcdef", 4), cutEnd("abcd", 4)]).toEqual(["abc…", "abcd"]);
});
