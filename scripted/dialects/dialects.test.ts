import { afterEach, expect, test } from "bun:test";
import type { ModelCall } from "../call-log.ts";
import { scriptSchema } from "../script.ts";
import { startScriptedModel, type ScriptedModel } from "../server.ts";

const running: ScriptedModel[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((model) => model.stop()));
});

const SYSTEM = "You work.\nRole: polecat";
const BRIEFING = "Bead: Do it\nBead id: bd_1";
const ARGUMENTS = '{"path":"a"}';

/** The same second turn of the same run, as each API tells it. */
const SECOND_TURN = {
  "/v1/chat/completions": {
    messages: [
      { role: "system", content: SYSTEM },
      { role: "user", content: BRIEFING },
      {
        role: "assistant",
        content: "First",
        tool_calls: [{ id: "c1", function: { name: "read", arguments: ARGUMENTS } }],
      },
      { role: "tool", tool_call_id: "c1", content: "the text" },
    ],
    tools: [{ type: "function", function: { name: "gastown_gt_done" } }],
  },
  "/v1/messages": {
    max_tokens: 100,
    system: SYSTEM,
    messages: [
      { role: "user", content: [{ type: "text", text: BRIEFING }] },
      {
        role: "assistant",
        content: [
          { type: "text", text: "First" },
          { type: "tool_use", id: "c1", name: "read", input: { path: "a" } },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "c1", content: [{ type: "text", text: "the text" }] },
        ],
      },
    ],
    tools: [{ name: "gastown_gt_done", input_schema: {} }],
  },
  "/v1/responses": {
    instructions: SYSTEM,
    input: [
      { role: "user", content: [{ type: "input_text", text: BRIEFING }] },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "First" }] },
      { type: "function_call", call_id: "c1", name: "read", arguments: ARGUMENTS },
      { type: "function_call_output", call_id: "c1", output: "the text" },
    ],
    tools: [{ type: "function", name: "gastown_gt_done" }],
  },
};

function start(calls: ModelCall[]): ScriptedModel {
  const tools = [{ name: "gt_done", arguments: { summary: "{{tool.read}} of {{bead.title}}" } }];
  const turns = [{ text: "First" }, { text: "Second word", tools }];
  const script = scriptSchema.parse({ name: "t", entries: [{ role: "polecat", turns }] });
  const model = startScriptedModel({ script, onCall: (call) => calls.push(call) });
  running.push(model);
  return model;
}

function ask(model: ScriptedModel, path: string, body: object): Promise<Response> {
  const url = model.url.replace(/\/v1$/, path);
  return fetch(url, { method: "POST", body: JSON.stringify({ model: "m", ...body }) });
}

test.each(Object.entries(SECOND_TURN))(
  "[A1] %s: the same conversation gets the same turn, whole and streamed",
  async (path, body) => {
    const calls: ModelCall[] = [];
    const model = start(calls);
    const summary = JSON.stringify({ summary: "the text of Do it" });
    const whole = await (await ask(model, path, body)).text();
    const streamed = await (await ask(model, path, { ...body, stream: true })).text();
    for (const text of [whole, streamed]) {
      expect(text).toContain("gastown_gt_done");
      // Arguments are JSON in JSON, or an object.
      expect(text.includes(JSON.stringify(summary)) || text.includes(summary)).toBe(true);
    }
    expect(whole).toContain("Second word");
    expect(streamed).toContain("Second ");
    const seen = { path, role: "polecat", beadTitle: "Do it", turnIndex: 1 };
    expect(calls).toMatchObject([seen, seen]);
  },
);

test("[A1] messages: the events have names, blocks in order, and the usage at both ends", async () => {
  const answer = await ask(start([]), "/v1/messages", {
    ...SECOND_TURN["/v1/messages"],
    stream: true,
  });
  const events = (await answer.text()).trim().split("\n\n");
  const types = events.map((event) => /^event: (\w+)\ndata: \{"type":"\1"/.exec(event)?.[1]);
  expect(types).toEqual([
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_delta",
    "content_block_stop",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
  ]);
  expect(events[0]).toContain('"input_tokens":');
  expect(events.at(-2)).toContain('"output_tokens":');
});

test("[A1] responses: the events are numbered, and the last one holds the whole answer", async () => {
  const answer = await ask(start([]), "/v1/responses", {
    ...SECOND_TURN["/v1/responses"],
    stream: true,
  });
  const events = (await answer.text())
    .trim()
    .split("\n\n")
    .map((event) => JSON.parse(event.slice(event.indexOf("data: ") + 6)) as Numbered);
  expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
  expect(events.at(-1)).toMatchObject({
    type: "response.completed",
    response: { status: "completed", output: [{ type: "message" }, { type: "function_call" }] },
  });
});

interface Numbered {
  sequence_number: number;
}

test("[A1] messages: tokens are counted without a turn being played", async () => {
  const calls: ModelCall[] = [];
  const body = SECOND_TURN["/v1/messages"];
  const answer = await ask(start(calls), "/v1/messages/count_tokens", body);
  const { input_tokens } = (await answer.json()) as { input_tokens: number };
  expect(input_tokens).toBeGreaterThan(10);
  expect(calls).toEqual([]);
});
