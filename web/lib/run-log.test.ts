import { describe, expect, test } from "bun:test";
import type { AgentEvent, AgentEventBody } from "../../protocol/index.ts";
import { appendEvents, emptyLog, turnText, withoutEchoes } from "./run-log.ts";

const event = (seq: number, body: AgentEventBody, turnId: string | null = null): AgentEvent => ({
  seq,
  at: seq * 10,
  turnId,
  body,
});
const text = (partId: string, words: string): AgentEventBody => ({
  kind: "text",
  partId,
  text: words,
  done: false,
});

describe("[E5] run log", () => {
  test("a part that grows stays in its place with its first time", () => {
    const log = appendEvents(emptyLog, [
      event(1, text("a", "He")),
      event(2, { kind: "status", text: "x" }),
      event(3, text("a", "Hello")),
    ]);
    expect(log.entries.map((entry) => entry.body)).toEqual([
      text("a", "Hello"),
      { kind: "status", text: "x" },
    ]);
    expect(log.entries[0]?.at).toBe(10);
    expect(log.lastSeq).toBe(3);
  });

  test("a replay that overlaps adds nothing twice", () => {
    const events = [
      event(1, { kind: "status", text: "one" }),
      event(2, { kind: "status", text: "two" }),
    ];
    const once = appendEvents(emptyLog, events);
    expect(appendEvents(once, events)).toBe(once);
    expect(
      appendEvents(once, [...events, event(3, { kind: "status", text: "three" })]).entries,
    ).toHaveLength(3);
  });

  test("[C13] a status that its text has as heading is not told twice", () => {
    const entries = appendEvents(emptyLog, [
      event(1, text("a", "# Looking around\n\nLet me see.")),
      event(2, { kind: "status", text: "Looking around" }),
      event(3, { kind: "status", text: "Elsewhere" }),
    ]).entries;
    expect(withoutEchoes(entries).map((entry) => entry.seq)).toEqual([1, 3]);
  });

  test("an empty stream counts as loaded", () => {
    expect(appendEvents(emptyLog, []).loaded).toBe(true);
  });

  test("[B1] a turn's words are its own parts in order", () => {
    const log = appendEvents(emptyLog, [
      event(1, text("a", "First."), "t1"),
      event(2, text("b", "Other."), "t2"),
      event(3, text("c", "Second."), "t1"),
    ]);
    expect(turnText(log, "t1")).toBe("First.\n\nSecond.");
  });
});
