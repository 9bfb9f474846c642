import { expect, test } from "bun:test";
import { mayTerminal, terminalActs, type TerminalAct } from "./terminal.ts";

test("[E8] who may start a terminal or type in it has the right host.exec; a runner has none of it", () => {
  const needing = Object.entries(terminalActs).filter(([, { right }]) => right === "host.exec");
  expect(needing.map(([act]) => act)).toEqual(["terminal.start", "terminal.write"]);
  for (const act of Object.keys(terminalActs) as TerminalAct[]) {
    expect(mayTerminal(act, "owner")).toBe(true);
    expect(mayTerminal(act, "runner")).toBe(false);
  }
});
