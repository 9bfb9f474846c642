import { expect, test } from "bun:test";
import type { AgentEvent } from "../driver.ts";
import { mapAcpError, mapStopReason } from "./acp-errors.ts";
import { AcpEventMapper } from "./acp-events.ts";
import { readLine } from "./acp-wire.ts";

/** What the lines of an agent come to, a millisecond apart. */
function mapAll(updates: readonly object[], mapper = new AcpEventMapper()): AgentEvent[] {
  return updates.flatMap((update, at) => {
    const line = JSON.stringify({
      jsonrpc: "2.0",
      method: "session/update",
      params: { sessionId: "s", update },
    });
    const read = readLine(line);
    return read?.kind === "update" ? mapper.map(read.update, at) : [];
  });
}

const says = (text: string, messageId?: string) => ({
  sessionUpdate: "agent_message_chunk",
  ...(messageId === undefined ? {} : { messageId }),
  content: { type: "text", text },
});

test("[C10] [C19] how full a conversation is comes with the window, where the program knows it", () => {
  const told = (size: number) => mapAll([{ sessionUpdate: "usage_update", used: 12_000, size }]);
  expect(told(200_000)).toEqual([{ type: "context", tokens: 12_000, windowTokens: 200_000 }]);
  expect(told(0)).toEqual([{ type: "context", tokens: 12_000, windowTokens: null }]);
});

test("[C19] a message in pieces is one text, and its heading is told as soon as its line is whole", () => {
  const mapper = new AcpEventMapper();
  const events = mapAll([says("# Mak", "m"), says("ing it\n", "m"), says("Now.", "m")], mapper);
  expect(events.map(({ type }) => type)).toEqual([
    "text_delta",
    "text_delta",
    "status",
    "text_delta",
  ]);
  expect(events[2]).toEqual({ type: "status", text: "Making it" });
  expect(mapper.endTurn(9)).toEqual([
    { type: "text", partId: "text-1", text: "# Making it\nNow." },
  ]);
  expect(mapper.endTurn(9)).toEqual([]);
});

test("[C19] another message, a thought and a tool call end the text before them", () => {
  const thought = {
    sessionUpdate: "agent_thought_chunk",
    content: { type: "text", text: "Hm." },
  };
  const call = { sessionUpdate: "tool_call", toolCallId: "c", title: "bash", status: "pending" };
  const events = mapAll([says("One."), thought, says("Two.", "a"), says("Three.", "b"), call]);
  const told = events.filter(({ type }) => type === "text" || type === "reasoning");
  expect(told.map((event) => ("text" in event ? event.text : ""))).toEqual([
    "One.",
    "Hm.",
    "Two.",
    "Three.",
  ]);
});

test("[C19] a tool's name is told where it has one, and what its terminal printed is its output", () => {
  const printed = (data: string) => ({ _meta: { terminal_output_delta: { data } } });
  const update = { sessionUpdate: "tool_call_update", toolCallId: "c" };
  const events = mapAll([
    {
      ...{ sessionUpdate: "tool_call", toolCallId: "c", title: "cat a b", name: "exec_command" },
      status: "in_progress",
    },
    { ...update, ...printed("one\n") },
    { ...update, status: "completed", ...printed("two\n") },
  ]);
  expect(events).toMatchObject([
    { type: "tool_start", tool: "exec_command" },
    { type: "tool_end", tool: "exec_command", ok: true, output: "one\ntwo\n" },
  ]);
});

test("[C19] a tool call is told from its beginning, under its first name and with its whole input", () => {
  const call = { sessionUpdate: "tool_call", toolCallId: "c", title: "bash", status: "pending" };
  const update = { sessionUpdate: "tool_call_update", toolCallId: "c" };
  const rawInput = { command: "true" };
  const content = [{ type: "content", content: { type: "text", text: "fine" } }];
  const events = mapAll([
    { ...call, rawInput: {} },
    { ...update, title: "true", status: "in_progress", rawInput },
    { ...update, status: "in_progress", rawInput },
    { ...update, status: "completed", content },
  ]);
  expect(events).toEqual([
    { type: "tool_start", callId: "c", tool: "bash", input: '{"command":"true"}' },
    { type: "tool_end", callId: "c", tool: "bash", ok: true, output: "fine", durationMs: 2 },
  ]);
});

test("[C19] a call that fails at once is told with beginning and end, and one that is left open ends with its turn", () => {
  const mapper = new AcpEventMapper();
  const call = { sessionUpdate: "tool_call", title: "write", rawInput: { path: "x" } };
  const events = mapAll(
    [
      { ...call, toolCallId: "a", status: "failed", rawOutput: { error: "no" } },
      { ...call, toolCallId: "b", status: "in_progress" },
      { ...call, toolCallId: "c", status: "pending" },
    ],
    mapper,
  );
  expect(events.map(({ type }) => type)).toEqual(["tool_start", "tool_end", "tool_start"]);
  expect(events[1]).toMatchObject({ callId: "a", ok: false, output: '{"error":"no"}' });
  expect(mapper.endTurn(5)).toMatchObject([{ type: "tool_end", callId: "b", ok: false }]);
});

test("[C19] what is no message, is not understood or is not read, is left out", () => {
  for (const line of [
    "",
    "starting up",
    "{",
    "[]",
    '{"id":1}',
    '{"jsonrpc":"2.0","method":"session/other","params":{}}',
    '{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"plan"}}}',
    '{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"tool_call"}}}',
  ])
    expect(readLine(line)).toBeNull();
  expect(readLine('{"jsonrpc":"2.0","id":0,"result":{}}')).toMatchObject({ kind: "answer", id: 0 });
});

test("[C19] a turn that the agent breaks off says why", () => {
  expect(mapStopReason("end_turn")).toEqual({ reason: "completed", error: null });
  expect(mapStopReason("cancelled")).toEqual({ reason: "interrupted", error: null });
  expect(mapStopReason("max_tokens")).toMatchObject({
    reason: "error",
    error: { type: "error", code: "max_tokens" },
  });
  const said = { message: "Internal error", data: { message: "This run has been replaced." } };
  expect(mapAcpError(said)).toMatchObject({ message: "This run has been replaced." });
  expect(mapAcpError({ message: "Internal error", data: null })).toMatchObject({
    message: "Internal error",
  });
});

test("[C13] [C19] words whose message gets its id late, and thoughts without words, are one text", () => {
  const thought = { sessionUpdate: "agent_thought_chunk", content: { type: "text", text: "" } };
  const events = mapAll([says("# "), says("Making", "m1"), thought, says(" it\n", "m1")]);
  expect(events.filter(({ type }) => type === "text")).toEqual([]);
  expect(events).toContainEqual({ type: "status", text: "Making it" });
  const next = mapAll([says("One.", "m1"), says("Two.", "m2")]);
  expect(next).toContainEqual(expect.objectContaining({ type: "text", text: "One." }));
});
