import { describe, expect, test } from "bun:test";
import type { Renewal } from "./upstream/upstream.ts";
import { openGateway, type GatewayOptions, type ModelCallRecord } from "./gateway.ts";
import {
  classifyAnswer,
  readRetryAfter,
  type ModelFailure,
} from "../../protocol/model-api/model-failure.ts";
import { chatDialect } from "../../protocol/model-api/chat.ts";
import { CallMeter } from "../../protocol/model-api/call-meter.ts";

const KEY = "sk-real-key";
const TOKEN = "run-token";
const CHUNKS = [
  'data: {"choices":[{"delta":{"content":"Hel"}}]}\n\n',
  'data: {"choices":[{"delta":{"content":"lo"}}]}\n\nda',
  'ta: {"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":20,"prompt_tokens_details":{"cached_tokens":60},"completion_tokens_details":{"reasoning_tokens":5}}}\n\n',
  "data: [DONE]\n\n",
];

type Setup = AsyncDisposable & {
  url: string;
  upstreamUrl: string;
  usage: ModelCallRecord[];
  failures: ModelFailure[];
  requests: { headers: Headers; body: Record<string, unknown> }[];
  ask(body: unknown, headers?: Record<string, string>): Promise<Response>;
};

function setUp(
  answer: (request: Request) => Response | Promise<Response>,
  options: Partial<GatewayOptions> = {},
): Setup {
  const usage: ModelCallRecord[] = [];
  const failures: ModelFailure[] = [];
  const requests: Setup["requests"] = [];
  const upstream = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      requests.push({
        headers: request.headers,
        body: (await request.clone().json()) as Record<string, unknown>,
      });
      return answer(request);
    },
  });
  let clock = 1_000;
  const gateway = openGateway({
    runId: "r1",
    listen: { tcp: true },
    token: TOKEN,
    upstream: { baseUrl: `http://127.0.0.1:${upstream.port}/v1`, apiKey: KEY },
    models: ["big", "small"],
    now: () => (clock += 5),
    admit: () => ({ ok: true }),
    onUsage: (record) => usage.push(record),
    onFailure: (failure) => failures.push(failure),
    ...options,
  });
  const url = "port" in gateway.address ? `http://127.0.0.1:${gateway.address.port}/v1` : "";
  return {
    url,
    upstreamUrl: `http://127.0.0.1:${upstream.port}/v1`,
    usage,
    failures,
    requests,
    ask: (body, headers = { authorization: `Bearer ${TOKEN}` }) =>
      fetch(`${url}/chat/completions`, { method: "POST", headers, body: JSON.stringify(body) }),
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await upstream.stop(true);
    },
  };
}

/** One that nobody listens on. */
function freePort(): number {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const { port = 0 } = server;
  void server.stop(true);
  return port;
}

const stream = () =>
  new Response(new Blob(CHUNKS).stream(), { headers: { "content-type": "text/event-stream" } });
const call = { model: "big", messages: [], stream: true };

describe("model gateway", () => {
  test("[C16] what the town refuses by itself is no word of the endpoint: it ends a call, is waited for, or asks for another pass", async () => {
    let refusal: [code: string, status: number] | null = null;
    let asked = 0;
    const town = setUp(() => {
      asked += 1;
      if (refusal === null) return stream();
      const [code, status] = refusal;
      const headers = { "x-gastown-refusal": code };
      return Response.json({ error: { code, message: `It says ${code}.` } }, { status, headers });
    });
    await using _town = town;
    const renew = () => {
      refusal = null;
      return Promise.resolve({ ok: true as const, upstream: { ...upstream, apiKey: "pass-2" } });
    };
    const upstream = { baseUrl: town.upstreamUrl, apiKey: "pass-1", viaTown: true };
    const patience = { retriesMax: 0, townTriesMax: 0 };
    await using gateway = setUp(stream, { upstream, renew, patience });
    const say = async (code: string, status: number) => {
      refusal = [code, status];
      const answer = await gateway.ask(call);
      return {
        status: answer.status,
        text: await answer.text(),
        kind: gateway.failures.at(-1)?.kind,
      };
    };
    expect(await say("forbidden", 403)).toMatchObject({ status: 403, kind: "other" });
    expect((await say("forbidden", 403)).text).toContain("It says forbidden.");
    expect(await say("not_found", 404)).toMatchObject({ status: 404, kind: "other" });
    expect(await say("rate_limited", 429)).toMatchObject({ status: 429, kind: "throttle" });
    expect(await say("offline", 503)).toMatchObject({ status: 503, kind: "unreachable" });
    expect(await say("model_unreachable", 502)).toMatchObject({ status: 502, kind: "unreachable" });
    const before = asked;
    expect(await say("unauthenticated", 401)).toMatchObject({ status: 200 });
    expect(asked).toBe(before + 2);
    expect(town.requests.at(-1)?.headers.get("authorization")).toBe("Bearer pass-2");
    expect(gateway.requests).toEqual([]);
  });

  test("[C16] a call through the town waits while the town starts anew, and goes on with another pass; the agent and its run hear nothing of it", async () => {
    const port = freePort();
    let renewals = 0;
    const renew = (): Promise<Renewal> =>
      Promise.resolve(
        ++renewals === 1
          ? { ok: false, retryable: true, message: "The town cannot be asked yet." }
          : { ok: true, upstream: { ...upstream, apiKey: "pass-2" } },
      );
    const upstream = { baseUrl: `http://127.0.0.1:${port}`, apiKey: "pass-1", viaTown: true };
    await using gateway = setUp(stream, { upstream, renew, patience: { backOffMs: 2 } });
    const answer = gateway.ask(call);
    const refuse = (code: string, status: number) =>
      Response.json({}, { status, headers: { "x-gastown-refusal": code } });
    let starting = 2;
    const town = Bun.serve({
      ...{ hostname: "127.0.0.1", port, development: false },
      fetch(request) {
        if (starting-- > 0) return refuse("busy", 503);
        const isFresh = request.headers.get("authorization") === "Bearer pass-2";
        return isFresh ? stream() : refuse("unauthenticated", 401);
      },
    });
    expect(await (await answer).text()).toBe(CHUNKS.join(""));
    expect({ renewals, failures: gateway.failures }).toEqual({ renewals: 2, failures: [] });
    await town.stop(true);
  });

  test("[C16] a stream passes unchanged, with the key added, and is metered by class", async () => {
    await using gateway = setUp(stream);
    const answer = await gateway.ask(call);
    expect(await answer.text()).toBe(CHUNKS.join(""));
    expect(gateway.requests[0]?.headers.get("authorization")).toBe(`Bearer ${KEY}`);
    expect(gateway.requests[0]?.headers.get("x-kilocode-feature")).toBe("gastown");
    expect(gateway.requests[0]?.body["stream_options"]).toEqual({ include_usage: true });
    expect(gateway.usage).toEqual([
      {
        model: "big",
        inputTokens: 40,
        outputTokens: 15,
        reasoningTokens: 5,
        cacheReadTokens: 60,
        cacheWriteTokens: 0,
        costUsd: null,
        metered: true,
        complete: true,
        startedAt: expect.any(Number),
        durationMs: expect.any(Number),
      },
    ]);
  });

  test("[C16] a whole answer is metered, and the provider's own cost wins", async () => {
    await using gateway = setUp(() =>
      Response.json({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, cost: 0.5 } }),
    );
    expect(await (await gateway.ask({ model: "big", messages: [] })).json()).toMatchObject({
      choices: [],
    });
    expect(gateway.usage[0]).toMatchObject({
      inputTokens: 3,
      outputTokens: 2,
      costUsd: 0.5,
    });
    expect(gateway.requests[0]?.body["stream_options"]).toBeUndefined();
  });

  test("[C16] a stream that breaks off is recorded as unmetered, by what was seen", async () => {
    const head =
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    const piece = CHUNKS[0] ?? "";
    using cutting = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket) {
          socket.write(`${head}${piece.length.toString(16)}\r\n${piece}\r\n`);
          socket.end();
        },
      },
    });
    await using gateway = setUp(stream, {
      upstream: { baseUrl: `http://127.0.0.1:${cutting.port}/v1`, apiKey: KEY },
    });
    const read = async () => (await gateway.ask(call)).text();
    await expect(read()).rejects.toThrow("closed unexpectedly");
    expect(gateway.usage).toEqual([
      expect.objectContaining({
        metered: false,
        complete: false,
        inputTokens: 21,
      }),
    ]);
    expect(gateway.failures).toEqual([expect.objectContaining({ kind: "unreachable" })]);
  });

  test("[C16] the agent that hangs up ends the call to the provider", async () => {
    const ended = Promise.withResolvers<string>();
    await using gateway = setUp((request) => {
      request.signal.addEventListener("abort", () => ended.resolve("aborted"));
      return new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode(CHUNKS[0])),
          cancel: () => ended.resolve("aborted"),
        }),
      );
    });
    const answer = await gateway.ask(call);
    const reader = answer.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(await ended.promise).toBe("aborted");
  });

  test("[C16] a reader that waits makes the provider wait", async () => {
    let sent = 0;
    const chunk = new Uint8Array(256 * 1024);
    const total = 64 * 1024 * 1024;
    await using gateway = setUp(
      () =>
        new Response(
          new ReadableStream({
            pull(controller) {
              sent += chunk.byteLength;
              if (sent > total) controller.close();
              else controller.enqueue(chunk);
            },
          }),
        ),
    );
    const answer = await gateway.ask(call);
    const reader = answer.body?.getReader();
    await reader?.read();
    for (let before = -1; before !== sent;) {
      before = sent;
      await Bun.sleep(200);
    }
    expect(sent).toBeLessThan(total / 2);
    await reader?.cancel();
  });

  test("[C16] what may not be admitted never reaches the provider, and says why in the agent's own dialect", async () => {
    await using gateway = setUp(stream, {
      admit: ({ model }) => ({
        ok: false,
        code: "budget",
        message: `No budget for ${model}.`,
        status: 429,
        retryAfterMs: 1_500,
      }),
    });
    const answer = await gateway.ask(call);
    expect(answer.status).toBe(429);
    expect(answer.headers.get("retry-after")).toBe("2");
    expect(await answer.json()).toEqual({
      error: { message: "No budget for big.", type: "gateway_error", code: "budget" },
    });
    expect(gateway.requests).toEqual([]);
    expect(gateway.usage).toEqual([]);
  });

  test("[C2] a wrong token, a foreign page, a strange host, another model and bad input are refused", async () => {
    await using gateway = setUp(stream);
    const auth = { authorization: `Bearer ${TOKEN}` };
    expect((await gateway.ask(call, {})).status).toBe(401);
    expect((await gateway.ask(call, { authorization: "Bearer other" })).status).toBe(401);
    expect((await gateway.ask(call, { ...auth, origin: "http://127.0.0.1" })).status).toBe(403);
    expect((await gateway.ask(call, { ...auth, host: "evil.example" })).status).toBe(403);
    expect((await gateway.ask({ ...call, model: "dear" })).status).toBe(403);
    expect((await gateway.ask({ model: "big" })).status).toBe(400);
    expect(
      (await fetch(`${gateway.url}/embeddings`, { method: "POST", headers: auth, body: "{}" }))
        .status,
    ).toBe(404);
    expect((await gateway.ask({ ...call, messages: ["x".repeat(17 * 1024 * 1024)] })).status).toBe(
      413,
    );
    expect(await (await fetch(`${gateway.url}/models`, { headers: auth })).json()).toMatchObject({
      data: [{ id: "big" }, { id: "small" }],
    });
    expect(gateway.requests).toEqual([]);
  });

  test("[C2] a provider that quotes the key does not leak it, and its refusal is classified", async () => {
    await using gateway = setUp(() =>
      Response.json(
        { error: { message: `bad key ${KEY}`, code: "invalid_api_key" } },
        { status: 401 },
      ),
    );
    const answer = await gateway.ask(call);
    expect(answer.status).toBe(401);
    const text = await answer.text();
    expect(text).toContain("[key]");
    expect(text + JSON.stringify(gateway.failures)).not.toContain(KEY);
    expect(gateway.failures).toEqual([
      { kind: "auth", status: 401, message: "bad key [key]", retryAfterMs: null },
    ]);
  });

  test("[C2] a redirect is not followed: it would carry the key away", async () => {
    await using gateway = setUp(
      () => new Response(null, { status: 302, headers: { location: "http://127.0.0.1:1/steal" } }),
    );
    expect((await gateway.ask(call)).status).toBe(502);
    expect(gateway.requests).toHaveLength(1);
  });

  test("[C12] an endpoint that cannot be reached is told as such", async () => {
    await using gateway = setUp(stream, {
      upstream: { baseUrl: "http://127.0.0.1:1/v1", apiKey: KEY },
    });
    expect((await gateway.ask(call)).status).toBe(502);
    expect(gateway.failures).toEqual([
      expect.objectContaining({ kind: "unreachable", status: null }),
    ]);
  });
});

describe("model failures and usage", () => {
  test("[C12] answers are told apart by status and code", () => {
    const kind = (status: number, code = "") =>
      classifyAnswer(
        { status, headers: new Headers() },
        JSON.stringify({ error: { message: "m", code } }),
        chatDialect.failureKinds,
        0,
      ).kind;
    expect([
      kind(429),
      kind(429, "insufficient_quota"),
      kind(402),
      kind(401),
      kind(404),
      kind(400, "model_not_found"),
      kind(503),
      kind(500),
    ]).toEqual([
      "throttle",
      "quota",
      "quota",
      "auth",
      "model_missing",
      "model_missing",
      "unreachable",
      "other",
    ]);
  });

  test("[C16] retry-after is read as seconds or as a date", () => {
    expect(readRetryAfter("2", 0)).toBe(2_000);
    expect(readRetryAfter("Thu, 01 Jan 1970 00:01:00 GMT", 10_000)).toBe(50_000);
    expect(readRetryAfter("soon", 0)).toBeNull();
  });

  test("[C16] no token is counted twice, and a line without end costs no memory", () => {
    const told = {
      usage: {
        prompt_tokens: 10,
        prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 },
        completion_tokens: 2,
      },
    };
    const meter = new CallMeter(chatDialect.openReader(), {});
    for (let i = 0; i < 160; i++) meter.piece(new Uint8Array(64 * 1024).fill(97));
    meter.piece(new TextEncoder().encode(`\ndata: ${JSON.stringify(told)}\n`));
    meter.complete();
    const usage = meter.spent();
    expect(usage).toMatchObject({
      inputTokens: 3,
      cacheReadTokens: 4,
      cacheWriteTokens: 3,
      outputTokens: 2,
      reasoningTokens: 0,
    });
  });

  test("[C16] an event may be cut anywhere, also within a letter", () => {
    const event = 'data: {"choices":[],"note":"größer – ✓","usage":{"prompt_tokens":7}}\r\n\r\n';
    const bytes = new TextEncoder().encode(event);
    for (let at = 0; at <= bytes.length; at++) {
      const meter = new CallMeter(chatDialect.openReader(), {});
      meter.piece(bytes.subarray(0, at));
      meter.piece(bytes.subarray(at));
      meter.complete();
      expect(meter.isTold).toBe(true);
      expect(meter.spent().inputTokens).toBe(7);
    }
  });

  test("[C16] usage is found whatever stands beside it, and an event without it costs nothing", () => {
    const meter = new CallMeter(chatDialect.openReader(), {});
    const line = (json: object) => `data: ${JSON.stringify(json)}\n\n`;
    const text = [
      "d\n",
      "event: data\n",
      line({ choices: [{ delta: { content: '"usage":null' } }], usage: null }),
      line({ tools: [{ parameters: { usage: null } }], usage: { prompt_tokens: 3 } }),
      line({ choices: [], usage: null }),
    ].join("");
    meter.piece(new TextEncoder().encode(text));
    meter.complete();
    expect(meter.isTold).toBe(true);
    expect(meter.spent().inputTokens).toBe(3);
  });
});
