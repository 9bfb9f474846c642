import { afterEach, describe, expect, test } from "bun:test";
import type { ModelCall } from "./call-log.ts";
import { scriptSchema, type ScriptInput } from "./script.ts";
import { startScriptedModel, type ScriptedModel, type ScriptedModelOptions } from "./server.ts";

const running: ScriptedModel[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((model) => model.stop()));
});

function start(
  turns: ScriptInput["entries"][number]["turns"],
  options: Partial<ScriptedModelOptions> = {},
): ScriptedModel {
  const script = scriptSchema.parse({ name: "t", entries: [{ role: "polecat", turns }] });
  const model = startScriptedModel({ script, ...options });
  running.push(model);
  return model;
}

const SYSTEM = { role: "system", content: "You work.\nRole: polecat\nBe brief." };
const BRIEFING = {
  role: "user",
  content: [{ type: "text", text: "Bead: Do it\nBead id: bd_1\nAttempt: 1\nRound: 1" }],
};
const TOOLS = [{ type: "function", function: { name: "gastown_gt_done", parameters: {} } }];

function ask(model: ScriptedModel, extra: object = {}, init: RequestInit = {}): Promise<Response> {
  const body = JSON.stringify({
    model: "m",
    messages: [SYSTEM, BRIEFING],
    tools: TOOLS,
    stream: true,
    stream_options: { include_usage: true },
    ...extra,
  });
  return fetch(`${model.url}/chat/completions`, {
    method: "POST",
    body,
    headers: { authorization: "Bearer k" },
    ...init,
  });
}

interface Chunk {
  object: string;
  choices: {
    delta: {
      role?: string;
      content?: string;
      tool_calls?: { index: number; id?: string; function: { name?: string; arguments: string } }[];
    };
    finish_reason: string | null;
  }[];
  usage?: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
}

function chunksOf(body: string): Chunk[] {
  const lines = body.split("\n\n").filter((line) => line !== "");
  expect(lines.at(-1)).toBe("data: [DONE]");
  return lines.slice(0, -1).map((line) => JSON.parse(line.slice("data: ".length)) as Chunk);
}

function textOf(chunks: Chunk[]): string {
  return chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
}

describe("streaming", () => {
  test("[A1] a stream has the role first, words, the tool call in pieces, the finish and the usage", async () => {
    const model = start([
      {
        text: "# Working\n\nOn it now.",
        tools: [{ name: "gt_done", arguments: { summary: "Did {{bead.title}}" } }],
      },
    ]);
    const response = await ask(model);
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const chunks = chunksOf(await response.text());
    expect(chunks[0]?.choices[0]?.delta.role).toBe("assistant");
    expect(textOf(chunks)).toBe("# Working\n\nOn it now.");
    const pieces = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    expect(pieces[0]).toMatchObject({
      index: 0,
      id: "call_2_0",
      function: { name: "gastown_gt_done", arguments: "" },
    });
    expect(JSON.parse(pieces.map((piece) => piece.function.arguments).join(""))).toEqual({
      summary: "Did Do it",
    });
    expect(chunks.map((chunk) => chunk.choices[0]?.finish_reason).find((reason) => reason)).toBe(
      "tool_calls",
    );
    const usage = chunks.at(-1)?.usage;
    expect(chunks.at(-1)?.choices).toEqual([]);
    expect(usage?.prompt_tokens).toBeGreaterThan(10);
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
  });

  test("[A1] no usage is streamed unless it is asked for", async () => {
    const chunks = chunksOf(
      await (await ask(start([{ text: "Hello" }]), { stream_options: undefined })).text(),
    );
    expect(chunks.some((chunk) => chunk.usage)).toBe(false);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  });

  test("[A1] a request that does not stream gets the same answer whole, with the script's usage", async () => {
    const model = start([
      {
        text: "Hi",
        tools: [{ name: "gt_done", arguments: { summary: "s" } }],
        usage: { promptTokens: 70, completionTokens: 5 },
      },
    ]);
    const body = await (await ask(model, { stream: false })).json();
    expect(body).toMatchObject({
      object: "chat.completion",
      choices: [
        {
          message: {
            role: "assistant",
            content: "Hi",
            tool_calls: [{ function: { name: "gastown_gt_done", arguments: '{"summary":"s"}' } }],
          },
          finish_reason: "tool_calls",
        },
      ],
      usage: { prompt_tokens: 70, completion_tokens: 5, total_tokens: 75 },
    });
  });

  test("[A1] words are paced", async () => {
    const began = performance.now();
    await (await ask(start([{ text: "one two three four", paceMs: 40, pauseMs: 50 }]))).text();
    expect(performance.now() - began).toBeGreaterThan(160);
  });

  test("[A1] two servers answer the same request alike, to the byte", async () => {
    const turns = [{ text: "Same", tools: [{ name: "gt_done", arguments: { summary: "s" } }] }];
    const [one, other] = await Promise.all(
      [start(turns, { now: () => 5_000 }), start(turns, { now: () => 5_000 })].map(async (model) =>
        (await ask(model)).text(),
      ),
    );
    expect(one).toBe(other as string);
  });
});

describe("who may ask and what", () => {
  test("[A1] a wrong key is a 401 in the form of OpenAI's errors", async () => {
    const model = start([{ text: "x" }], { apiKey: "right" });
    const response = await ask(model);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({
      error: { code: "invalid_api_key", type: "invalid_request_error", param: null },
    });
    expect((await ask(model, {}, { headers: { authorization: "Bearer right" } })).status).toBe(200);
  });

  test("[A1] an unknown model is a 404 model_not_found, and the list names the known ones", async () => {
    const model = start([{ text: "x" }], { models: ["big", "small"] });
    const response = await ask(model);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: "model_not_found" } });
    expect(await (await fetch(`${model.url}/models`)).json()).toMatchObject({
      object: "list",
      data: [{ id: "big" }, { id: "small" }],
    });
  });

  test.each([
    ["{", "not JSON"],
    ['{"model":"m"}', "messages"],
  ])("[A1] the body %p is a 400 that says what is wrong", async (body, said) => {
    const response = await ask(start([{ text: "x" }]), {}, { body });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(said);
  });

  test("[A1] other paths are a 404 that names the served ones", async () => {
    const response = await fetch(`${start([{ text: "x" }]).url}/embeddings`, { method: "POST" });
    expect(response.status).toBe(404);
    expect(await response.text()).toContain("/v1/chat/completions");
  });

  test("[P15] the call log counts by role and keeps the bytes of each role's first request", async () => {
    const calls: ModelCall[] = [];
    const model = start([{ text: "one" }, { text: "two" }], {
      onCall: (call) => calls.push(call),
      now: () => 77,
    });
    await (await ask(model)).text();
    await (
      await ask(model, { messages: [SYSTEM, BRIEFING, { role: "assistant", content: "one" }] })
    ).text();
    await (await ask(model, { messages: [{ role: "user", content: "Make a title" }] })).text();
    expect(model.calls()).toMatchObject({
      count: 3,
      lastAt: 77,
      perRole: { mayor: 0, polecat: 2, refinery: 0, none: 1 },
    });
    expect(model.calls().firstRequestBytesPerRole.polecat).toBe(calls[0]?.requestBytes as number);
    expect(calls.map((call) => call.origin)).toEqual(["entry 0 turn 0", "entry 0 turn 1", null]);
  });
});

describe("faults", () => {
  test.each([
    [401, undefined, "invalid_api_key"],
    [404, undefined, "model_not_found"],
    [429, 7, "rate_limit_exceeded"],
    [500, undefined, "server_error"],
  ])("[A1] http %d", async (status, retryAfterSeconds, code) => {
    const model = start([
      {
        text: "x",
        fault: {
          kind: "http",
          status,
          ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
        },
      },
    ]);
    const response = await ask(model);
    expect(response.status).toBe(status);
    expect(response.headers.get("retry-after")).toBe(retryAfterSeconds === undefined ? null : "7");
    expect(await response.json()).toMatchObject({ error: { code } });
  });

  test("[A1] a fault with `times` is over after them, for each conversation", async () => {
    const model = start([
      { text: "fine", fault: { kind: "http", status: 429, retryAfterSeconds: 0, times: 2 } },
    ]);
    const other = { messages: [SYSTEM, { role: "user", content: "Bead: Other\nAttempt: 1" }] };
    const statuses = [];
    for (const extra of [{}, {}, other, {}, other, other]) {
      const response = await ask(model, extra);
      statuses.push(response.status);
      await response.text();
    }
    expect(statuses).toEqual([429, 429, 429, 200, 429, 200]);
  });

  test("[A1] a slow first byte holds even the headers", async () => {
    const began = performance.now();
    const response = await ask(
      start([{ text: "late", fault: { kind: "slow_first_byte", delayMs: 150 } }]),
    );
    expect(performance.now() - began).toBeGreaterThan(140);
    expect(textOf(chunksOf(await response.text()))).toBe("late");
  });

  test("[A1] a cut stream breaks in mid-text, without an end", async () => {
    const response = await ask(
      start([
        { text: "one two three four five six seven", fault: { kind: "cut_stream", afterChars: 8 } },
      ]),
    );
    const seen: string[] = [];
    const decoder = new TextDecoder();
    const reading = (async () => {
      for await (const bytes of response.body ?? []) seen.push(decoder.decode(bytes));
    })();
    await expect(reading).rejects.toThrow();
    expect(seen.join("")).toContain("one");
    expect(seen.join("")).not.toContain("seven");
    expect(seen.join("")).not.toContain("[DONE]");
  });

  test("[A1] malformed JSON in the arguments of a tool call", async () => {
    const model = start([
      {
        tools: [{ name: "gt_done", arguments: { summary: "s" } }],
        fault: { kind: "malformed_json" },
      },
    ]);
    const pieces = chunksOf(await (await ask(model)).text()).flatMap(
      (chunk) => chunk.choices[0]?.delta.tool_calls ?? [],
    );
    expect(() => JSON.parse(pieces.map((piece) => piece.function.arguments).join(""))).toThrow(
      SyntaxError,
    );
  });

  test("[A1] silence answers nothing until the client hangs up", async () => {
    const model = start([{ fault: { kind: "silence" } }]);
    const hangUp = new AbortController();
    const response = ask(model, {}, { signal: hangUp.signal });
    const first = await Promise.race([
      response.then(
        () => "answered",
        () => "gone",
      ),
      Bun.sleep(200).then(() => "silent"),
    ]);
    expect(first).toBe("silent");
    hangUp.abort();
    await expect(response).rejects.toThrow();
  });

  test("[A1] silence may have an end and may come after some words", async () => {
    const model = start([
      {
        text: "Thinking about it",
        tools: [{ name: "gt_done", arguments: { summary: "s" } }],
        fault: { kind: "silence", forMs: 60 },
      },
    ]);
    const response = await ask(model);
    const seen: string[] = [];
    const reading = (async () => {
      for await (const bytes of response.body ?? []) seen.push(new TextDecoder().decode(bytes));
    })();
    await expect(reading).rejects.toThrow();
    expect(seen.join("")).toContain("it");
    expect(seen.join("")).not.toContain("gt_done");
    expect((await ask(model, { stream: false })).status).toBe(504);
  });

  test("[A1] a turn without a terminal tool call, and a false done", async () => {
    const done = [{ name: "gt_done", arguments: { summary: "s" } }];
    const mute = await (
      await ask(start([{ text: "I think so.", tools: done, fault: { kind: "no_terminal" } }]), {
        stream: false,
      })
    ).json();
    expect(mute).toMatchObject({
      choices: [{ message: { content: "I think so." }, finish_reason: "stop" }],
    });
    const lie = await (
      await ask(
        start([
          {
            text: "Yes",
            tools: [{ name: "write" }],
            fault: { kind: "false_done", summary: "All done." },
          },
        ]),
        { stream: false },
      )
    ).json();
    expect(lie).toMatchObject({
      choices: [
        {
          message: {
            tool_calls: [
              { function: { name: "gastown_gt_done", arguments: '{"summary":"All done."}' } },
            ],
          },
        },
      ],
    });
  });

  test("[A1] stop breaks open answers off", async () => {
    const model = start([{ text: "a b c d e f", paceMs: 10_000 }]);
    const response = await ask(model);
    const reading = response.text();
    await model.stop();
    await expect(reading).rejects.toThrow();
  });
});
