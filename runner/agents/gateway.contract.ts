/** What the gateway owes an agent in any of its APIs. Every dialect runs it, against the scripted model. */
import { expect, test } from "bun:test";
import { scriptSchema, type ScriptInput } from "../../scripted/script.ts";
import { startScriptedModel } from "../../scripted/server.ts";
import { openGateway, MODEL_REQUEST_BYTES_MAX } from "./gateway.ts";
import type { Admission, GatewayOptions, ModelCallRecord } from "./gateway.ts";
import type { ModelFailure } from "../../protocol/model-api/model-failure.ts";
import type { ModelUpstream, Renewal } from "./upstream/upstream.ts";

export interface DialectCase {
  name: string;
  path: string;
  /** How an agent of this dialect shows its token. */
  auth: (token: string) => Record<string, string>;
  /** A polecat's first request. */
  request: Readonly<Record<string, unknown>>;
  /** What a client of this dialect reads of an error. */
  error: (status: number, code: string) => object;
  /** Requests that would have the endpoint spend, store or reach out by itself, and why they are refused. */
  denied: readonly (readonly [extra: Readonly<Record<string, unknown>>, code: string])[];
  /** Requests of agents in use that have to pass. */
  passed: readonly Readonly<Record<string, unknown>>[];
}

const KEY = "sk-the-real-key";
const OLD_KEY = "sk-the-old-key";
const TOKEN = "run-token";
const TOLD = {
  promptTokens: 100,
  cachedTokens: 60,
  cacheWriteTokens: 10,
  completionTokens: 20,
  reasoningTokens: 5,
};
const CLASSES = {
  inputTokens: 30,
  outputTokens: 15,
  reasoningTokens: 5,
  cacheReadTokens: 60,
  cacheWriteTokens: 10,
};
const WORDS = "Größer ist besser: one two three four five six seven eight nine ten.";

type Turn = ScriptInput["entries"][number]["turns"][number];
type Upstream = (request: Request, pass: () => Promise<Response>) => Promise<Response>;

interface Stage extends AsyncDisposable {
  usage: ModelCallRecord[];
  failures: ModelFailure[];
  /** What came to the endpoint, and what it sent. */
  seen: {
    headers: Headers;
    body: Record<string, unknown>;
    sent: Uint8Array[];
    signal: AbortSignal;
  }[];
  ask(
    extra?: Readonly<Record<string, unknown>>,
    headers?: Record<string, string>,
    init?: RequestInit,
  ): Promise<Response>;
}

type StageOptions = Omit<Partial<GatewayOptions>, "renew"> & {
  upstreamDoes?: Upstream;
  /** What the run began with, instead of the key that is good. */
  startWith?: (base: string) => ModelUpstream;
  /** Gets what is good. */
  renew?: (fresh: ModelUpstream) => Promise<Renewal>;
};

/** Agent -> gateway -> a witness -> the scripted model, all over real sockets. */
function openStage(
  dialect: DialectCase,
  turns: readonly Turn[],
  options: StageOptions = {},
): Stage {
  const { upstreamDoes = (_request, pass) => pass(), startWith, renew, ...rest } = options;
  const entries = [{ role: "polecat" as const, turns: [...turns] }];
  const script = scriptSchema.parse({ name: "contract", entries });
  const model = startScriptedModel({ script, apiKey: KEY });
  const seen: Stage["seen"] = [];
  const witness = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    development: false,
    async fetch(request) {
      const text = await request.text();
      const sent: Uint8Array[] = [];
      const { headers, signal } = request;
      seen.push({ headers, body: JSON.parse(text) as Record<string, unknown>, sent, signal });
      return upstreamDoes(request, () => pass(model.url, request, text, sent));
    },
  });
  const fresh = { baseUrl: `http://127.0.0.1:${witness.port}/v1`, apiKey: KEY };
  const usage: ModelCallRecord[] = [];
  const failures: ModelFailure[] = [];
  const gateway = openGateway({
    runId: "r1",
    listen: { tcp: true },
    token: TOKEN,
    upstream: startWith?.(fresh.baseUrl) ?? fresh,
    ...(renew === undefined ? {} : { renew: () => renew(fresh) }),
    models: ["big", "small"],
    now: Date.now,
    admit: () => ({ ok: true }),
    onUsage: (record) => usage.push(record),
    onFailure: (failure) => failures.push(failure),
    ...rest,
    patience: { backOffMs: 1, ...rest.patience },
  });
  const port = "port" in gateway.address ? gateway.address.port : 0;
  return {
    usage,
    failures,
    seen,
    ask: (extra = {}, headers = dialect.auth(TOKEN), init = {}) =>
      fetch(`http://127.0.0.1:${port}${dialect.path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({ ...dialect.request, ...extra }),
        ...init,
      }),
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await witness.stop(true);
      await model.stop();
    },
  };
}

async function pass(base: string, request: Request, body: string, sent: Uint8Array[]) {
  const { pathname } = new URL(request.url);
  const answer = await fetch(`${base.replace(/\/v1$/, "")}${pathname}`, {
    method: "POST",
    headers: request.headers,
    body,
    signal: request.signal,
  });
  const reader = answer.body?.getReader();
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) return controller.close();
        sent.push(value);
        controller.enqueue(value);
      } catch {
        // The model broke off: so does what stands between.
        controller.error();
      }
    },
    cancel: (reason) => reader?.cancel(reason),
  });
  const type = answer.headers.get("content-type") ?? "";
  const retryAfter = answer.headers.get("retry-after");
  return new Response(stream, {
    status: answer.status,
    headers: {
      "content-type": type,
      ...(retryAfter === null ? {} : { "retry-after": retryAfter }),
    },
  });
}

/** An answer up to a word, broken off when it is time. */
async function cutAt(answer: Response, word: string, when: Promise<void>): Promise<Response> {
  const whole = Buffer.from(await answer.bytes());
  const half = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(whole.subarray(0, whole.indexOf(word))),
    async pull(controller) {
      await when;
      controller.error();
    },
  });
  return new Response(half, { headers: answer.headers });
}

async function readUntil(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  word: string,
): Promise<string> {
  for (let text = ""; ;) {
    const piece = await reader?.read();
    if (piece?.value === undefined) throw new Error(`the stream ended before "${word}"`);
    text += Buffer.from(piece.value).toString();
    if (text.includes(word)) return text;
  }
}

const stream = { stream: true };

export function gatewayContract(dialect: DialectCase): void {
  passes(dialect);
  keepsSecrets(dialect);
  changesKeys(dialect);
  admits(dialect);
  tellsFailures(dialect);
  triesAgain(dialect);
  breaksOff(dialect);
  denies(dialect);
}

/** What comes through, and what it cost. */
function passes(dialect: DialectCase): void {
  const { name } = dialect;

  test(`[C16] ${name}: a stream passes byte for byte and is metered once, by class`, async () => {
    const tools = [{ name: "gt_done", arguments: { summary: "größer" } }];
    await using stage = openStage(dialect, [{ text: WORDS, tools, usage: TOLD }]);
    const answer = await stage.ask(stream);
    const got = await answer.bytes();
    expect(answer.headers.get("content-type")).toStartWith("text/event-stream");
    const sent = Buffer.concat(stage.seen[0]?.sent ?? []);
    expect(sent.byteLength).toBeGreaterThan(1_000);
    expect(Buffer.from(got).equals(sent)).toBe(true);
    expect(stage.usage).toEqual([
      expect.objectContaining({ model: "big", ...CLASSES, metered: true, complete: true }),
    ]);
  });

  test(`[C16] ${name}: a whole answer passes and is metered once, by class`, async () => {
    await using stage = openStage(dialect, [{ text: WORDS, usage: TOLD }]);
    const got = await (await stage.ask()).bytes();
    expect(Buffer.from(got).equals(Buffer.concat(stage.seen[0]?.sent ?? []))).toBe(true);
    expect(Buffer.from(got).toString()).toContain(WORDS);
    expect(stage.usage).toEqual([expect.objectContaining({ ...CLASSES, metered: true })]);
  });
}

/** Who is who. */
function keepsSecrets(dialect: DialectCase): void {
  const { name } = dialect;

  test(`[C2] ${name}: the endpoint gets the key, no token, and nothing of the agent's own headers`, async () => {
    await using stage = openStage(dialect, [{ text: "x" }]);
    const own = { cookie: "a=b", "x-mine": "1", "accept-encoding": "gzip" };
    const answer = await stage.ask({}, { ...dialect.auth(TOKEN), ...own });
    expect(answer.headers.has("content-encoding")).toBe(false);
    const headers = JSON.stringify(stage.seen[0]?.headers.toJSON());
    expect(headers).toContain(KEY);
    expect(headers).not.toContain(TOKEN);
    expect(stage.seen[0]?.headers.get("x-kilocode-feature")).toBe("gastown");
    expect(stage.seen[0]?.headers.get("accept-encoding")).toBe("identity");
    expect(stage.seen[0]?.headers.has("cookie")).toBe(false);
    expect(stage.seen[0]?.headers.has("x-mine")).toBe(false);
  });

  test(`[C2] ${name}: without the run's token nothing is asked of the endpoint`, async () => {
    await using stage = openStage(dialect, [{ text: "x" }]);
    for (const headers of [{}, dialect.auth("other"), dialect.auth(""), dialect.auth(KEY)]) {
      const answer = await stage.ask({}, headers);
      expect(answer.status).toBe(401);
      expect(await answer.json()).toMatchObject(dialect.error(401, "invalid_token"));
    }
    expect(stage.seen).toEqual([]);
  });

  test(`[C2] ${name}: the key is in no answer, whatever the endpoint says`, async () => {
    const quoted = `The key ${KEY} is not good.`;
    await using stage = openStage(dialect, [{ text: "x" }], {
      upstreamDoes: (request) => {
        const status = Number(new URL(request.url).pathname === dialect.path ? code : 500);
        const headers = { "x-key": KEY, "set-cookie": `k=${KEY}` };
        const error = { type: "invalid_request_error", message: quoted };
        return Promise.resolve(Response.json({ type: "error", error }, { status, headers }));
      },
    });
    let code = 0;
    for (code of [200, 400, 401, 402, 404, 429, 500, 503]) {
      const answer = await stage.ask(stream);
      expect(JSON.stringify(answer.headers.toJSON())).not.toContain(KEY);
      const text = await answer.text();
      if (code !== 200) expect(text).not.toContain(KEY);
    }
    expect(JSON.stringify(stage.failures)).not.toContain(KEY);
  });
}

/** A key that is changed while the run goes on. */
function changesKeys(dialect: DialectCase): void {
  const { name } = dialect;
  const old = (baseUrl: string) => ({ baseUrl, apiKey: OLD_KEY });

  test(`[C17] ${name}: a refused key is asked for anew, once for all, and the agent sees nothing of it`, async () => {
    let asked = 0;
    const bothAsked = Promise.withResolvers<void>();
    await using stage = openStage(dialect, [{ text: WORDS, usage: TOLD }], {
      startWith: old,
      renew: async (fresh) => {
        asked++;
        await bothAsked.promise;
        return { ok: true, upstream: fresh };
      },
      upstreamDoes: async (_request, pass) => {
        const answer = await pass();
        if (stage.seen.length === 2) bothAsked.resolve();
        return answer;
      },
    });
    const answers = await Promise.all([stage.ask(stream), stage.ask()]);
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain("ten.");
    }
    expect(asked).toBe(1);
    expect(stage.seen).toHaveLength(4);
    expect((await stage.ask()).status).toBe(200);
    expect(stage.seen).toHaveLength(5);
    expect(stage.usage).toHaveLength(3);
    expect(stage.failures).toEqual([]);
  });

  test(`[C17] ${name}: the same key once more, or none, is a refused key`, async () => {
    const answers = [
      (fresh: ModelUpstream) => ({ ok: true as const, upstream: old(fresh.baseUrl) }),
      () => ({ ok: false as const, retryable: false, message: "The run was stopped." }),
    ];
    for (const answerOf of answers) {
      await using stage = openStage(dialect, [{ text: "x" }], {
        startWith: old,
        renew: (fresh) => Promise.resolve(answerOf(fresh)),
      });
      const answer = await stage.ask();
      expect(answer.status).toBe(401);
      expect(await answer.json()).toMatchObject(dialect.error(401, "model_auth"));
      expect(stage.seen).toHaveLength(1);
      expect(stage.failures).toEqual([expect.objectContaining({ kind: "auth" })]);
    }
  });

  test(`[C17] ${name}: a town that cannot be asked says nothing of the key`, async () => {
    await using stage = openStage(dialect, [{ text: "x" }], {
      startWith: old,
      renew: () => Promise.resolve({ ok: false, retryable: true, message: "offline" }),
    });
    const answer = await stage.ask();
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject(dialect.error(502, "model_unreachable"));
    expect(stage.failures).toEqual([expect.objectContaining({ kind: "unreachable" })]);
  });
}

/** Whether the run may spend. */
function admits(dialect: DialectCase): void {
  const { name } = dialect;

  test.each(["budget", "breaker_open", "paused", "stopped", "stale_fence"])(
    `[C16] ${name}: the next call is refused when %s says so, in the words of its API`,
    async (code) => {
      let admission: Admission = { ok: true };
      await using stage = openStage(dialect, [{ text: "x" }], { admit: () => admission });
      expect((await stage.ask()).status).toBe(200);
      admission = { ok: false, code, message: "Not now.", status: 429, retryAfterMs: 1_500 };
      const later = await stage.ask(stream);
      expect(later.status).toBe(429);
      expect(later.headers.get("retry-after")).toBe("2");
      expect(await later.json()).toMatchObject(dialect.error(429, code));
      admission = { ok: false, code, message: "Never.", status: 403 };
      const never = await stage.ask();
      expect(never.status).toBe(403);
      expect(await never.json()).toMatchObject(dialect.error(403, code));
      expect(stage.seen).toHaveLength(1);
      expect(stage.usage).toHaveLength(1);
    },
  );
}

/** What the endpoint refuses. */
function tellsFailures(dialect: DialectCase): void {
  const { name } = dialect;

  test.each([
    [{ kind: "http", status: 429, retryAfterSeconds: 60 }, "throttle", 60_000],
    [{ kind: "http", status: 402 }, "quota", null],
    [{ kind: "http", status: 401 }, "auth", null],
    [{ kind: "http", status: 404 }, "model_missing", null],
    [{ kind: "http", status: 503 }, "unreachable", null],
  ] as const)(`[C24] ${name}: %j is told once as what it is`, async (fault, kind, retryAfterMs) => {
    await using stage = openStage(dialect, [{ text: "x", fault }]);
    const answer = await stage.ask(stream);
    expect(answer.status).toBe(fault.status);
    expect(await answer.json()).toMatchObject(dialect.error(fault.status, `model_${kind}`));
    expect(stage.failures).toEqual([
      expect.objectContaining({ kind, status: fault.status, retryAfterMs }),
    ]);
    expect(stage.usage).toEqual([]);
  });

  test(`[C24] ${name}: what the endpoint has against a request is said in its own words`, async () => {
    await using stage = openStage(dialect, [{ text: "x", fault: { kind: "http", status: 422 } }]);
    const answer = await stage.ask(stream);
    expect(answer.status).toBe(422);
    expect(await answer.text()).toBe(Buffer.concat(stage.seen[0]?.sent ?? []).toString());
  });

  test(`[C12] ${name}: nothing at the endpoint's address is told as unreachable, after a few tries`, async () => {
    await using stage = openStage(dialect, [{ text: "x" }], {
      upstream: { baseUrl: "http://127.0.0.1:1/v1", apiKey: KEY },
    });
    const answer = await stage.ask(stream);
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject(dialect.error(502, "model_unreachable"));
    expect(stage.failures).toEqual([
      expect.objectContaining({ kind: "unreachable", status: null }),
    ]);
  });
}

/** What a moment mends. */
function triesAgain(dialect: DialectCase): void {
  const { name } = dialect;

  test(`[C24] ${name}: a moment's failure is tried again before the answer begins`, async () => {
    const busy = { kind: "http", status: 503, times: 2 } as const;
    await using stage = openStage(dialect, [{ text: WORDS, usage: TOLD, fault: busy }]);
    expect(await (await stage.ask(stream)).text()).toContain("ten.");
    expect(stage.seen).toHaveLength(3);
    expect(stage.failures).toEqual([]);
    expect(stage.usage).toHaveLength(1);
  });

  test(`[C24] ${name}: a throttle that asks for a moment is waited for, and told`, async () => {
    const busy = { kind: "http", status: 429, retryAfterSeconds: 0, times: 1 } as const;
    await using stage = openStage(dialect, [{ text: WORDS, fault: busy }]);
    expect((await stage.ask(stream)).status).toBe(200);
    expect(stage.seen).toHaveLength(2);
    expect(stage.failures).toEqual([expect.objectContaining({ kind: "throttle", status: 429 })]);
  });

  test(`[C24] ${name}: a throttle that asks for long, or for nothing, is the agent's to wait for`, async () => {
    for (const retryAfterSeconds of [60, undefined]) {
      const busy = { kind: "http", status: 429, times: 1, retryAfterSeconds } as const;
      await using stage = openStage(dialect, [{ text: WORDS, fault: busy }]);
      expect((await stage.ask(stream)).status).toBe(429);
      expect(stage.seen).toHaveLength(1);
    }
  });
}

/** What ends in the middle. */
function breaksOff(dialect: DialectCase): void {
  const { name } = dialect;

  test(`[C16] ${name}: half a stream is passed, cut, told, metered by what was seen, and not asked for again`, async () => {
    const cut = Promise.withResolvers<void>();
    await using stage = openStage(dialect, [{ text: WORDS, usage: TOLD }], {
      upstreamDoes: async (_request, pass) => cutAt(await pass(), "four", cut.promise),
    });
    const reader = (await stage.ask(stream)).body?.getReader();
    const got = await readUntil(reader, "three");
    cut.resolve();
    const rest = (async () => (await reader?.read())?.done)();
    expect(String(await rest.catch(String))).toContain("closed");
    expect(got).toContain("besser");
    expect(stage.seen).toHaveLength(1);
    expect(stage.failures).toEqual([expect.objectContaining({ kind: "unreachable" })]);
    expect(stage.usage).toEqual([expect.objectContaining({ metered: false, complete: false })]);
    expect(stage.usage[0]?.inputTokens).toBeGreaterThan(10);
    expect(stage.usage[0]?.outputTokens).toBeGreaterThan(2);
  });

  test(`[C12] ${name}: an endpoint that does not begin to answer is not waited for without end`, async () => {
    const late = { kind: "slow_first_byte", delayMs: 600_000 } as const;
    await using stage = openStage(dialect, [{ text: "x", fault: late }], {
      patience: { headersMs: 60 },
    });
    const answer = await stage.ask(stream);
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject(dialect.error(502, "model_unreachable"));
    expect(stage.seen).toHaveLength(1);
  });

  test(`[C12] ${name}: an answer that falls silent is cut`, async () => {
    await using stage = openStage(dialect, [{ text: WORDS, fault: { kind: "silence" } }], {
      patience: { silenceMs: 60 },
    });
    const answer = await stage.ask(stream);
    const whole = (async () => answer.text())();
    expect(await whole.catch(String)).toContain("closed");
    expect(stage.failures).toEqual([expect.objectContaining({ kind: "unreachable" })]);
    expect(stage.usage).toHaveLength(1);
  });

  test(`[C16] ${name}: an agent that goes away ends the call, and pays for what was said`, async () => {
    const gone = Promise.withResolvers<void>();
    await using stage = openStage(dialect, [{ text: WORDS, paceMs: 20 }], {
      upstreamDoes: (request, pass) => {
        request.signal.addEventListener("abort", () => gone.resolve());
        return pass();
      },
    });
    const reader = (await stage.ask(stream)).body?.getReader();
    await readUntil(reader, "two");
    await reader?.cancel();
    await gone.promise;
    expect(stage.usage).toEqual([expect.objectContaining({ metered: false, complete: false })]);
    expect(stage.usage[0]?.outputTokens).toBeGreaterThan(2);
    expect(stage.failures).toEqual([]);
  });
}

/** What is not let through. */
function denies(dialect: DialectCase): void {
  const { name } = dialect;

  test(`[C2] ${name}: a request that is too large is refused in the words of its API`, async () => {
    await using stage = openStage(dialect, [{ text: "x" }]);
    const answer = await stage.ask({ metadata: { x: "x".repeat(MODEL_REQUEST_BYTES_MAX) } });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject(dialect.error(413, "too_large"));
    expect(stage.seen).toEqual([]);
  });

  test(`[C2] ${name}: a field that is not known is refused by its name`, async () => {
    await using stage = openStage(dialect, [{ text: "x" }]);
    const answer = await stage.ask({ fetch_this_for_me: "http://example.com" });
    expect(answer.status).toBe(400);
    const error = (await answer.json()) as { error: { message: string } };
    expect(error).toMatchObject(dialect.error(400, "unknown_field"));
    expect(error.error.message).toContain("fetch_this_for_me");
    expect((await stage.ask({ model: "dear" })).status).toBe(403);
    expect((await stage.ask({ stream: "yes" })).status).toBe(400);
    expect((await stage.ask({}, dialect.auth(TOKEN), { body: "{" })).status).toBe(400);
    expect(stage.seen).toEqual([]);
  });

  test.each(dialect.denied.map(([extra, code]) => [JSON.stringify(extra), code] as const))(
    `[C2] ${name}: %s is refused as %s`,
    async (extra, code) => {
      await using stage = openStage(dialect, [{ text: "x" }]);
      const answer = await stage.ask(JSON.parse(extra) as Record<string, unknown>);
      expect(await answer.json()).toMatchObject(dialect.error(400, code));
      expect(stage.seen).toEqual([]);
    },
  );

  test(`[C2] ${name}: what agents in use send passes`, async () => {
    await using stage = openStage(dialect, [{ text: "x" }]);
    for (const extra of dialect.passed) {
      const answer = await stage.ask(extra);
      expect({ extra, status: answer.status, text: await answer.text() }).toMatchObject({
        extra,
        status: 200,
      });
    }
  });
}
