import { expect, test } from "bun:test";
import { SafeOutput } from "./safe-output.ts";

const safe = (text: string): string =>
  Buffer.from(new SafeOutput().take(Buffer.from(text))).toString();

test("[E8] text, colours, the cursor and the mouse pass", () => {
  for (const text of [
    "plain, naïve, 漢字, 🙂\r\n",
    "\u001b[1;38;2;255;0;0mred\u001b[0m",
    "\u001b[2J\u001b[H\u001b[12;40f\u001b[K\u001b[?25l\u001b[?1049h\u001b[?1006h",
    "\u001b7\u001b8\u001bM\u001b(B\u001b=",
    "\u001b[>1u\u001b[<u\u001b[2 q\u001b[!p",
  ])
    expect(safe(text)).toBe(text);
});

test("[E8] what would make a person's terminal answer, or reach beyond its screen, is left out", () => {
  for (const bad of [
    "\u001b[c",
    "\u001b[>c",
    "\u001b[=c",
    "\u001b[6n",
    "\u001b[?6n",
    "\u001b[21t",
    "\u001b[8;500;500t",
    "\u001b[?2026$p",
    "\u001b[>0q",
    "\u001b[?u",
    "\u001b[x",
    "\u001b[5i",
    "\u001bZ",
    "\u0005",
    "\u001b]52;c;cm0gLXJmIC8=\u0007",
    "\u001b]0;a title\u001b\\",
    "\u001b]8;;http://example.invalid\u001b\\",
    "\u001bP$qm\u001b\\",
    "\u001b_Gi=1;AAAA\u001b\\",
    "\u009b",
  ])
    expect([bad, safe(`a${bad}b`)]).toEqual([bad, "ab"]);
});

test("[E8] wherever it is cut, it is the same", () => {
  const bytes = Buffer.from(
    "a\u001b]52;c;eA==\u0007b\u001b[6nc\u001b[1mé\u001b[0m\u00a0d\u001bP1$r\u001b\\e\u001b[?25lf",
  );
  const whole = Buffer.from(new SafeOutput().take(bytes)).toString();
  expect(whole).toBe("abc\u001b[1mé\u001b[0m\u00a0de\u001b[?25lf");
  for (let cut = 1; cut < bytes.length; cut++) {
    const output = new SafeOutput();
    const parts = [output.take(bytes.subarray(0, cut)), output.take(bytes.subarray(cut))];
    expect(Buffer.concat(parts).toString()).toBe(whole);
  }
});
