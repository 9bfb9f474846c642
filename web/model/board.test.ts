import { describe, expect, test } from "bun:test";
import type { Agent, Run } from "../../protocol/index.ts";
import { columnsOf, matches, progressOf, runsAtWork } from "./board.ts";
import { makeIssue } from "./make-issue.fixture.ts";

const rig = (letter: string) => `rg_${letter.repeat(26)}`;

describe("[E4] board", () => {
  const issues = [
    makeIssue(1, { title: "Round half cents", priority: "low" }),
    makeIssue(2, { title: "Remove the table", priority: "critical", rigId: rig("b") }),
    makeIssue(3, { title: "Speed up", status: "in_progress" }),
    makeIssue(4, { title: "Landed first", status: "closed", outcome: "landed", closedAt: 10 }),
    makeIssue(5, { title: "Landed last", status: "closed", outcome: "landed", closedAt: 20 }),
  ];
  const titles = (query: string, rigs: string[] = []) =>
    columnsOf(issues, query, rigs).map((column) => column.issues.map((issue) => issue.title));

  test("has five columns; what may start comes by urgency, what ended newest first", () => {
    expect(titles("")).toEqual([
      ["Remove the table", "Round half cents"],
      ["Speed up"],
      [],
      ["Landed last", "Landed first"],
      [],
    ]);
  });

  test("is narrowed by words and rigs", () => {
    expect(titles("half ROUND").flat()).toEqual(["Round half cents"]);
    expect(titles("", [rig("b")]).flat()).toEqual(["Remove the table"]);
    expect(titles("half speed").flat()).toEqual([]);
  });

  test("is found by a short id", () => {
    const [first] = issues;
    if (!first) throw new Error("no issue");
    expect(matches(first, first.id.slice(-6))).toBe(true);
  });

  test("counts a convoy's progress, keeping what landed apart from what was closed otherwise", () => {
    const closed = makeIssue(6, { status: "closed", outcome: "cancelled" });
    const failed = makeIssue(7, { status: "failed" });
    expect(progressOf([...issues, closed, failed])).toEqual({
      total: 7,
      landed: 2,
      closed: 1,
      failed: 1,
      moving: 1,
    });
  });
});

test("[C13] a Mayor between two turns is not at work", () => {
  const run = (id: string, more: Partial<Run>) =>
    ({ id, kind: "work", state: "running", agentId: null, offeredAt: 2, ...more }) as Run;
  const runs = [
    run("rn_work", {}),
    run("rn_talk", { kind: "session", agentId: "ag_mayor", offeredAt: 1 }),
    run("rn_past", { state: "ended" }),
  ];
  const ids = (state: Agent["state"]) =>
    runsAtWork(runs, [{ id: "ag_mayor", state } as Agent]).map((each) => each.id);
  expect(ids("idle")).toEqual(["rn_work"]);
  expect(ids("working")).toEqual(["rn_talk", "rn_work"]);
});
