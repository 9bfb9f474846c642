import { describe, expect, test } from "bun:test";
import type { AgentEvent } from "../driver.ts";
import { readEventData } from "./event-stream.ts";
import { KiloEventMapper } from "./kilo-events.ts";
import { eventSchema, messagesSchema } from "./kilo-wire.ts";
import { kiloMessageId } from "./message-id.ts";

const S = "ses_1";
const event = (type: string, properties: Record<string, unknown>) =>
  eventSchema.parse({ id: "e", type, properties: { sessionID: S, ...properties } });
const part = (fields: Record<string, unknown>) =>
  event("message.part.updated", {
    part: { id: "p1", sessionID: S, messageID: "m1", ...fields },
    time: 0,
  });
const text = (value: string, end?: number) =>
  part({ type: "text", text: value, time: { start: 1, ...(end === undefined ? {} : { end }) } });
const tool = (state: Record<string, unknown>) =>
  part({ type: "tool", callID: "c1", tool: "bash", state });
const run = (mapper: KiloEventMapper, ...events: ReturnType<typeof event>[]): AgentEvent[] =>
  events.flatMap((each) => mapper.map(each).events);

describe("kilo's events", () => {
  test("[C1] a text is told once when it is complete, and its heading is the status as soon as the line is", () => {
    const mapper = new KiloEventMapper(S);
    const delta = (value: string) =>
      event("message.part.delta", { messageID: "m1", partID: "p1", field: "text", delta: value });
    const told = run(
      mapper,
      text(""),
      delta("# Read"),
      delta("ing\nthe"),
      text("# Reading\nthe code", 2),
      text("# Reading\nthe code", 2),
    );
    expect(told).toEqual([
      { type: "text_delta", partId: "p1", text: "# Read" },
      { type: "text_delta", partId: "p1", text: "ing\nthe" },
      { type: "status", text: "Reading" },
      { type: "text", partId: "p1", text: "# Reading\nthe code" },
    ]);
  });

  test("[C10] a conversation that was summarised says so", () => {
    const told = run(new KiloEventMapper(S), event("session.compacted", {}));
    expect(told).toEqual([{ type: "compacted" }]);
  });

  test("[C10] what was said before a run is not told again when its stream breaks", () => {
    const mapper = new KiloEventMapper(S);
    const info = { id: "m1", sessionID: S, role: "assistant", time: { created: 1, completed: 2 } };
    const said = (id: string, words: string) => ({
      ...{ id, sessionID: S, messageID: "m1", type: "text", text: words },
      time: { start: 1, end: 2 },
    });
    const before = messagesSchema.parse([{ info, parts: [said("p1", "Before.")] }]);
    mapper.resumed(before);
    const later = messagesSchema.parse([
      { info, parts: [said("p1", "Before."), said("p2", "Later.")] },
    ]);
    expect(mapper.catchUp(later, { type: "idle" })).toEqual([
      { type: "text", partId: "p2", text: "Later." },
    ]);
  });

  test("[C1] a tool call starts once and ends once, whatever comes between", () => {
    const input = { command: "ls" };
    const told = run(
      new KiloEventMapper(S),
      tool({ status: "pending", input: {} }),
      tool({ status: "running", input, time: { start: 1 } }),
      tool({ status: "running", input, time: { start: 1 } }),
      tool({
        status: "completed",
        input,
        output: "x",
        title: "t",
        metadata: {},
        time: { start: 1, end: 4 },
      }),
      tool({
        status: "completed",
        input,
        output: "x",
        title: "t",
        metadata: {},
        time: { start: 1, end: 4 },
      }),
    );
    expect(told).toEqual([
      { type: "tool_start", callId: "c1", tool: "bash", input: '{"command":"ls"}' },
      { type: "tool_end", callId: "c1", tool: "bash", ok: true, output: "x", durationMs: 3 },
    ]);
  });

  test("[C12] another session's events and the prompt's own text are not the agent's", () => {
    const mapper = new KiloEventMapper(S);
    mapper.prompted("m1");
    expect(
      run(
        mapper,
        text("the briefing", 3),
        event("session.turn.close", { sessionID: "ses_2", reason: "completed" }),
      ),
    ).toEqual([]);
    expect(mapper.turnOpen).toBe(true);
  });

  test("[C12] errors keep the gateway's own kind; an interruption is no error", () => {
    const error = (name: string, data: Record<string, unknown>) =>
      run(new KiloEventMapper(S), event("session.error", { error: { name, data } }));
    const body = (code: string) =>
      JSON.stringify({ error: { type: "gateway_error", code, message: "why" } });
    expect(
      error("APIError", {
        message: "x",
        statusCode: 429,
        responseBody: body("model_throttle"),
        responseHeaders: { "retry-after": "3" },
      }),
    ).toEqual([
      {
        type: "error",
        kind: "throttle",
        code: "model_throttle",
        message: "why",
        retryAfterMs: 3_000,
      },
    ]);
    expect(error("APIError", { message: "x", responseBody: body("stale_fence") })).toMatchObject([
      { kind: "refused", code: "stale_fence" },
    ]);
    expect(error("ContextOverflowError", { message: "long" })).toMatchObject([
      { kind: "context_overflow" },
    ]);
    expect(error("MessageAbortedError", { message: "x" })).toEqual([]);
  });

  test("[C23] what kilo asks a person for is to be refused, a lost network to be tried again", () => {
    const mapper = new KiloEventMapper(S);
    expect(mapper.map(event("permission.asked", { id: "per_1", permission: "bash" }))).toEqual({
      events: [{ type: "refused", what: "bash" }],
      requests: [{ kind: "permission", requestId: "per_1" }],
    });
    expect(mapper.map(event("question.asked", { id: "que_1" })).requests).toEqual([
      { kind: "question", requestId: "que_1" },
    ]);
    expect(
      mapper.map(event("session.network.asked", { id: "net_1", message: "ECONNREFUSED" })),
    ).toEqual({
      events: [{ type: "offline", message: "ECONNREFUSED" }],
      requests: [{ kind: "network", requestId: "net_1" }],
    });
  });

  test("[C12] after a broken stream, what was missed is told once and the turn's end is not lost", () => {
    const mapper = new KiloEventMapper(S);
    mapper.prompted("u1");
    run(mapper, text("first", 2));
    const parts = [
      {
        id: "p1",
        sessionID: S,
        messageID: "m1",
        type: "text",
        text: "first",
        time: { start: 1, end: 2 },
      },
      {
        id: "p2",
        sessionID: S,
        messageID: "m1",
        type: "text",
        text: "second",
        time: { start: 3, end: 4 },
      },
    ];
    const user = {
      info: { id: "u1", sessionID: S, role: "user", time: { created: 0 } },
      parts: [],
    };
    const messages = (assistant: Record<string, unknown>) =>
      messagesSchema.parse([
        user,
        {
          info: {
            id: "m1",
            sessionID: S,
            role: "assistant",
            parentID: "u1",
            time: { created: 1 },
            ...assistant,
          },
          parts,
        },
      ]);
    expect(mapper.catchUp(messages({}), { type: "busy" })).toEqual([
      { type: "text", partId: "p2", text: "second" },
    ]);
    expect(
      mapper.catchUp(messages({ time: { created: 1, completed: 5 } }), { type: "idle" }),
    ).toEqual([{ type: "turn_closed", reason: "completed" }]);
    expect(
      mapper.catchUp(messages({ time: { created: 1, completed: 5 } }), { type: "idle" }),
    ).toEqual([]);
  });

  test("[C12] an idle agent that has not answered the last message has not ended its turn", () => {
    const mapper = new KiloEventMapper(S);
    mapper.prompted("u2");
    const old = messagesSchema.parse([
      {
        info: {
          id: "m1",
          sessionID: S,
          role: "assistant",
          parentID: "u1",
          time: { created: 1, completed: 2 },
        },
        parts: [],
      },
    ]);
    expect(mapper.catchUp(old, { type: "idle" })).toEqual([]);
    expect(mapper.turnOpen).toBe(true);
  });
});

test("[C23] an event without end is left out, the next one is read", async () => {
  const flood = new Uint8Array(1024 * 1024).fill(120);
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let i = 0; i < 6; i++) controller.enqueue(flood);
      controller.enqueue(new TextEncoder().encode('\n\ndata: {"a":1}\r\n\r\n'));
      controller.close();
    },
  });
  expect(await Array.fromAsync(readEventData(stream))).toEqual(['{"a":1}']);
});

test("[C4] message ids rise with time, as kilo orders by them", () => {
  const ids = [
    kiloMessageId(1_000, 0, () => 0.9),
    kiloMessageId(1_000, 1, () => 0),
    kiloMessageId(1_001, 2, () => 0),
  ];
  expect(ids.toSorted()).toEqual(ids);
  expect(ids[0]).toMatch(/^msg_[0-9a-f]{12}[0-9A-Za-z]{14}$/);
});
