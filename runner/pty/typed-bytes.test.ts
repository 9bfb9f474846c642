import { expect, test } from "bun:test";
import { typedBytes } from "./typed-bytes.ts";

const typed = (text: string): string => Buffer.from(typedBytes(Buffer.from(text))).toString();

test("[E8] what a viewer's terminal would answer by itself is not typed", () => {
  for (const answer of [
    "\u001b[?62;22c",
    "\u001b[>0;276;0c",
    "\u001b[0n",
    "\u001b[12;40R",
    "\u001b[?12;40R",
    "\u001b[?2026;2$y",
    "\u001b[?1u",
    "\u001b[8;24;80t",
    "\u001b]11;rgb:1e1e/1e1e/1e1e\u0007",
    "\u001b]10;rgb:ffff/ffff/ffff\u001b\\",
    "\u001bP>|xterm(388)\u001b\\",
    "\u001bP1$r0m\u001b\\",
  ])
    expect([answer, typed(`a${answer}b`)]).toEqual([answer, "ab"]);
});

test("[E8] keys, pastes and text of any script are typed as they are", () => {
  for (const text of [
    "ls -la\r",
    "naïve – 漢字 🙂",
    "\u001b[A\u001b[1;5C\u001bOP\u001b[15~\u001b[1;2R\u001b[1;5R",
    "\u001b[200~two\nlines\u001b[201~",
    "\u001b[<0;12;7M\u001b[<0;12;7m",
    "\u001b[13;2u",
    "\u0003\u0004\u001b",
    "\u001bb\u001bd",
  ])
    expect(typed(text)).toBe(text);
});
