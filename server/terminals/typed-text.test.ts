import { expect, test } from "bun:test";
import { TypedText } from "./typed-text.ts";

/** What the audit keeps of what was typed, where the terminal showed `shown`. */
function kept(typed: string, shown: string | null): string[] {
  const text = new TypedText();
  return [...typed].flatMap((key) => text.take(Buffer.from(key))).map((line) => line.audit(shown));
}

test("[E8] a line that the terminal showed is kept as it was typed", () => {
  expect(kept("git status\r", "~/tree $ git status")).toEqual(["git status"]);
  expect(kept("echo naïve 漢字\r", "$ echo naïve 漢字")).toEqual(["echo naïve 漢字"]);
});

test("[E8] what the terminal did not show is not kept, nor how long it was", () => {
  expect(kept("hunter2\r", "Password:")).toEqual(["[not shown]"]);
  expect(kept("a longer secret\r", "Password: ***************")).toEqual(["[not shown]"]);
  expect(kept("lost\r", null)).toEqual(["[not shown]"]);
});

test("[E8] what was erased before it was sent is not kept", () => {
  expect(kept("lz\u007fs\r", "$ ls")).toEqual(["ls"]);
  expect(kept("rm -rf /\u0015ls\r", "$ ls")).toEqual(["ls"]);
  expect(kept("never mind\u0003ls\r", "$ ls")).toEqual(["^Cls"]);
});

test("[E8] keys that are no text are told as keys", () => {
  const text = new TypedText();
  const [line] = text.take(Buffer.from("\u001b[A\t\r"));
  expect(line?.audit("$ something else")).toBe("[key]^I");
});

test("[E8] of several lines in one paste each is a line, and pasting marks are none", () => {
  const text = new TypedText();
  const lines = text.take(Buffer.from("\u001b[200~one\rtwo\r\u001b[201~three"));
  expect(lines.map((line, n) => line.audit(n === 0 ? "$ one" : null))).toEqual([
    "one",
    "[not shown]",
  ]);
  expect(text.take(Buffer.from("\r")).map((line) => line.audit("> three"))).toEqual(["three"]);
});

test("[E8] what is kept of a line is bounded", () => {
  const text = new TypedText();
  const long = "x".repeat(5_000);
  const [line] = text.take(Buffer.from(`${long}\r`));
  expect(line?.audit(long).length).toBe(1_000);
  const [keys] = text.take(Buffer.from(`${"\u001b[A".repeat(5_000)}\r`));
  expect(keys?.audit("").length).toBeLessThanOrEqual(1_000);
});
