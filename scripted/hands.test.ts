import { expect, test } from "bun:test";
import { inHandsOf } from "./hands.ts";

const write = { name: "write", input: { filePath: "src/a b.ts", content: "it's\n" } };

test("[A1] an agent that has the tool of a script is given it, the town's by the end of its name", () => {
  const offered = ["bash", "write", "mcp__gastown__gt_done"];
  expect(inHandsOf(offered, write)).toEqual(write);
  expect(inHandsOf(offered, { name: "gt_done", input: {} })).toEqual({
    name: "mcp__gastown__gt_done",
    input: {},
  });
});

test("[A1] an agent with other tools does with its shell what is meant", () => {
  const claude = ["Bash", "Edit", "Glob", "Grep", "Read", "Write"];
  expect(inHandsOf(claude, { name: "bash", input: { command: "ls" } })).toMatchObject({
    name: "Bash",
    input: { command: "ls" },
  });
  expect(inHandsOf(claude, { name: "read", input: { filePath: "a.ts" } })).toEqual({
    name: "Read",
    input: { file_path: "a.ts" },
  });
  expect(inHandsOf(["exec_command"], write)).toEqual({
    name: "exec_command",
    input: { cmd: "mkdir -p \"$(dirname 'src/a b.ts')\" && printf %s 'it'\\''s\n' > 'src/a b.ts'" },
  });
});

test("[A1] what an agent has no tool for stays as the script has it", () => {
  expect(inHandsOf(["Read"], write)).toEqual(write);
  expect(inHandsOf(["exec_command"], { name: "gt_rigs", input: {} })).toEqual({
    name: "gt_rigs",
    input: {},
  });
});
