// The model through the town, over real HTTP: what goes on to the endpoint, what is refused, and what is counted.
import { expect, test } from "bun:test";
import type { RelayedUse } from "../../../server/core.ts";
import {
  callOf,
  events,
  KEY,
  MODEL_PATHS,
  openRelayStage,
  PASS,
  RUN,
  USAGE,
  type RelayStage,
} from "./relay-stage.ts";

/** Resolves when so many uses are written down. */
async function counted(stage: RelayStage, count = 1): Promise<RelayedUse[]> {
  await stage.town.counted(count);
  return stage.town.uses.map(({ use }) => use);
}

test("[C16] [R9] a call with a run's pass goes on with the key in each of the three APIs, comes back as it is, and is counted", async () => {
  await using stage = openRelayStage((_request, path) => events(`data: ${USAGE[path]}\n\n`));
  for (const path of MODEL_PATHS) {
    const isMessages = path === "/messages";
    const headers = isMessages
      ? { "x-api-key": PASS, "anthropic-version": "2023-06-01", "x-more": "1" }
      : { authorization: `Bearer ${PASS}`, "x-more": "1" };
    const answer = await stage.ask(path, callOf(path), { headers });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe(`data: ${USAGE[path]}\n\n`);
    const sent = stage.asked.at(-1);
    expect(sent?.path).toBe(path);
    expect(sent?.headers.get(isMessages ? "x-api-key" : "authorization")).toBe(
      isMessages ? KEY : `Bearer ${KEY}`,
    );
    expect(JSON.stringify([...(sent?.headers ?? [])])).not.toContain(PASS);
    expect(sent?.headers.get("x-more")).toBeNull();
  }
  const uses = await counted(stage, 3);
  for (const use of uses)
    expect(use).toMatchObject({ model: "m", inputTokens: 10, outputTokens: 5 });
  expect(stage.town.uses.every(({ runId }) => runId === RUN)).toBe(true);
});

test("[C16] [R9] nobody without a live pass gets through, nor to another place, nor with what the endpoint would do by itself", async () => {
  await using stage = openRelayStage(() => events("data: [DONE]\n\n"));
  const bearer = (pass: string) => ({ headers: { authorization: `Bearer ${pass}` } });
  const statusOf = async (answer: Promise<Response>) => (await answer).status;
  for (const pass of ["", "run.other", KEY, `${PASS} `.repeat(2)])
    expect(await statusOf(stage.ask(undefined, undefined, bearer(pass)))).toBe(401);
  const elsewhere = [
    "/models",
    "/files",
    "/chat/completions/",
    "/chat/completions%2f..",
    "/@evil.example/messages",
  ];
  for (const path of elsewhere) expect(await statusOf(stage.ask(path, callOf("")))).toBe(404);
  const raw = stage.edges.url;
  for (const path of ["//evil.example/chat/completions", "/http://evil.example/chat/completions"])
    expect(
      await statusOf(
        fetch(`${raw}/api/runner/model${path}`, {
          method: "POST",
          body: JSON.stringify(callOf("")),
          ...bearer(PASS),
        }),
      ),
    ).toBe(404);
  const loose: [object | string, number][] = [
    ["{", 400],
    ["[]", 400],
    [`{"model":"m","messages":${"[".repeat(300)}${"]".repeat(300)}}`, 400],
    [{ ...callOf(""), model: "dearer" }, 403],
    [{ ...callOf(""), store: true }, 400],
    [{ ...callOf(""), web_search_options: {} }, 400],
    [{ ...callOf(""), models: ["dearer"] }, 400],
    [{ ...callOf(""), base_url: "http://evil.example" }, 400],
  ];
  for (const [body, status] of loose) {
    const answer = await stage.ask(undefined, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("x-gastown-refusal")).not.toBeNull();
  }
  expect(stage.asked).toEqual([]);
  expect(stage.town.uses).toEqual([]);
});

test("[C16] [R9] the key goes nowhere else and comes back in no answer: redirects are not followed, errors are cut, and a key that was changed meanwhile is used", async () => {
  let accepted = "a-newer-key";
  const current = accepted;
  let quotes = false;
  await using stage = openRelayStage((request, path) => {
    const key = request.headers.get("authorization")?.slice("Bearer ".length);
    if (accepted === "") return Response.redirect("http://127.0.0.1:9/chat/completions");
    if (key === accepted) return events(quotes ? `data: "${key}"\n\n` : `data: ${USAGE[path]}\n\n`);
    stage.grant(current);
    return Response.json({ error: { message: `Wrong key ${key}` } }, { status: 401 });
  });
  expect(await (await stage.ask()).text()).toContain("usage");
  expect(stage.asked).toHaveLength(2);
  accepted = "another";
  const refused = await stage.ask();
  expect(refused.status).toBe(401);
  expect(refused.headers.get("x-gastown-refusal")).toBeNull();
  expect(await refused.text()).toBe('{"error":{"message":"Wrong key [key]"}}');
  expect(stage.town.troubles).toEqual([{ trouble: "refused", retryAfterMs: null }]);
  expect(stage.asked).toHaveLength(3);
  quotes = true;
  accepted = current;
  expect(await (await stage.ask()).text()).toBe('data: "[key]"\n\n');
  accepted = "";
  const moved = await stage.ask();
  expect(moved.status).toBe(502);
  expect(moved.headers.get("location")).toBeNull();
});

test("[C16] what an endpoint says comes through piece by piece; when who called hangs up, so does the town, and what was seen is counted", async () => {
  const sent = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>();
  const gone = Promise.withResolvers<void>();
  await using stage = openRelayStage(() =>
    events(
      new ReadableStream<Uint8Array>({
        start: (controller) => {
          controller.enqueue(Buffer.from('data: {"choices":[{"delta":{"content":"a"}}]}\n\n'));
          sent.resolve(controller);
        },
        cancel: () => gone.resolve(),
      }),
    ),
  );
  const agent = new AbortController();
  const answer = await stage.ask(undefined, undefined, { signal: agent.signal });
  const reader = answer.body?.getReader();
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toContain('"content":"a"');
  // The endpoint has said no more than this.
  agent.abort();
  await gone.promise;
  const [use] = await counted(stage);
  expect(use?.outputTokens).toBe(1);
  expect(use?.inputTokens).toBeGreaterThan(5);
});

test("[C16] a call that nobody waits for before its answer begins is ended, and its question is counted", async () => {
  const asked = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  await using stage = openRelayStage((request) => {
    request.signal.addEventListener("abort", () => gone.resolve());
    asked.resolve();
    return new Promise<never>(() => undefined);
  });
  const agent = new AbortController();
  const answer = stage.ask(undefined, undefined, { signal: agent.signal });
  answer.catch(() => undefined);
  await asked.promise;
  agent.abort();
  await gone.promise;
  const [use] = await counted(stage);
  expect(use).toMatchObject({ outputTokens: 0 });
  expect(use?.inputTokens).toBeGreaterThan(5);
});

test("[C16] a stream that breaks off breaks off for who called, is counted by what was seen, and leaves room for the next", async () => {
  let breakOff: () => void = () => undefined;
  await using stage = openRelayStage(() =>
    events(
      new ReadableStream<Uint8Array>({
        start: (controller) => {
          controller.enqueue(Buffer.from('data: {"choices":[]}\n\n'));
          breakOff = () => controller.error(new Error("gone"));
        },
      }),
    ),
  );
  // One more than a run may have at once.
  for (let times = 1; times <= 9; times++) {
    const answer = await stage.ask();
    expect(answer.status).toBe(200);
    const reader = answer.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    breakOff();
    await expect(reader?.read()).rejects.toThrow();
    const uses = await counted(stage, times);
    expect(uses.at(-1)).toMatchObject({ outputTokens: 1 });
  }
});

test("[C16] a call under way ends with its run's pass", async () => {
  const gone = Promise.withResolvers<void>();
  await using stage = openRelayStage(() =>
    events(
      new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(Buffer.from("data: {}\n\n")),
        cancel: () => gone.resolve(),
      }),
    ),
  );
  const answer = await stage.ask();
  stage.town.grants.delete(PASS);
  await expect(answer.text()).rejects.toThrow();
  await gone.promise;
  expect(await counted(stage)).toHaveLength(1);
});

test("[C16] a run's next call waits until what the last one used is written, and is refused while that cannot be", async () => {
  await using stage = openRelayStage((_request, path) => events(`data: ${USAGE[path]}\n\n`));
  const disk = Promise.withResolvers<never>();
  const real = stage.town.modelUsed.bind(stage.town);
  stage.town.modelUsed = () => disk.promise;
  await (await stage.ask()).text();
  const next = stage.ask();
  disk.reject(new Error("the disk is full"));
  expect((await next).status).toBe(503);
  expect(stage.asked).toHaveLength(1);
  stage.town.modelUsed = real;
  await (await stage.ask()).text();
  expect(await counted(stage, 2)).toHaveLength(2);
});

test("[C16] what a call used is written down when the disk takes it again, though its run calls no more", async () => {
  await using stage = openRelayStage((_request, path) => events(`data: ${USAGE[path]}\n\n`));
  const real = stage.town.modelUsed.bind(stage.town);
  const full = Promise.withResolvers<void>();
  stage.town.modelUsed = () => {
    full.resolve();
    return Promise.reject(new Error("the disk is full"));
  };
  await (await stage.ask()).text();
  await full.promise;
  stage.town.modelUsed = real;
  expect(await counted(stage)).toHaveLength(1);
});

test("[C16] [R9] a call of which nothing has passed for a quarter of an hour is cut, and what it asked is counted", async () => {
  const asked = Promise.withResolvers<AbortSignal>();
  await using stage = openRelayStage((request) => {
    asked.resolve(request.signal);
    return new Promise<Response>(() => undefined);
  });
  const answer = stage.ask();
  const endpoint = await asked.promise;
  stage.clock.ms += 14 * 60_000;
  expect(endpoint.aborted).toBe(false);
  stage.clock.ms += 2 * 60_000;
  expect((await answer).headers.get("x-gastown-refusal")).toBe("model_unreachable");
  const [use] = await counted(stage);
  expect([use?.inputTokens, use?.outputTokens]).toEqual([expect.any(Number), 0]);
  expect(use?.inputTokens).toBeGreaterThan(0);
});

test("[C16] a run has eight calls at once, and the endpoint is read no faster than who called reads", async () => {
  let pulled = 0;
  await using stage = openRelayStage(() =>
    events(
      new ReadableStream<Uint8Array>({
        pull: (controller) => {
          pulled += 1;
          controller.enqueue(new Uint8Array(64 * 1024).fill(32));
        },
      }),
    ),
  );
  const agent = new AbortController();
  const calls = [];
  for (let n = 0; n < 8; n++)
    calls.push(await stage.ask(undefined, undefined, { signal: agent.signal }));
  const ninth = await stage.ask();
  expect(ninth.status).toBe(503);
  expect(await ninth.text()).toContain("as many calls under way as it may");
  // Buffers of two connections each are full, and then nothing more is asked for.
  for (let before = -1, still = 0; still < 50; before = pulled) {
    await fetch(`${stage.edges.url}/health`);
    still = before === pulled ? still + 1 : 0;
  }
  expect(pulled * 64 * 1024).toBeLessThan(8 * 32 * 1024 * 1024);
  agent.abort();
  await counted(stage, 8);
  expect(
    (await stage.ask(undefined, undefined, { signal: AbortSignal.timeout(5_000) })).status,
  ).toBe(200);
});

test("[C24] [R9] trouble of the endpoint is told to the town by what came from it: its answers, its silence, and errors in its streams", async () => {
  const replies = [
    () => Response.json({}, { status: 429, headers: { "retry-after": "7" } }),
    () => Response.json({ error: { code: "insufficient_quota", message: "no" } }, { status: 429 }),
    () => Response.json({}, { status: 500 }),
    () => events('data: {"error":{"code":"rate_limit_exceeded","message":"slow"}}\n\n'),
  ];
  await using stage = openRelayStage(() => (replies.shift() ?? (() => new Response()))());
  for (let call = 0; call < 4; call++) await (await stage.ask()).text();
  const grant = stage.town.grants.get(PASS);
  if (grant) stage.town.grants.set(PASS, { ...grant, baseUrl: "http://127.0.0.1:9" });
  await (await stage.ask()).text();
  expect(stage.town.troubles).toEqual([
    { trouble: "throttled", retryAfterMs: 7_000 },
    { trouble: "quota", retryAfterMs: null },
    { trouble: "throttled", retryAfterMs: null },
    { trouble: "unreachable", retryAfterMs: null },
  ]);
});

test("[R9] a long error is cut off without the beginning of the key that it quotes at its end", async () => {
  const long = "x".repeat(64 * 1024 - 10);
  await using stage = openRelayStage(() => new Response(long + KEY + long, { status: 400 }));
  const said = await (await stage.ask()).text();
  expect(said.length).toBe(64 * 1024);
  expect(said).not.toContain(KEY.slice(0, 4));
});
