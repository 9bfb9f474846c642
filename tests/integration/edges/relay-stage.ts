/** A model's endpoint behind the town's doors, and somebody who calls it with a pass. */
import { join } from "node:path";
import { openTown, type OpenTown } from "./open-town.ts";

export const KEY = "the-key-that-only-the-town-has";
export const PASS = "run.pass";
export const RUN = "rn_relayed";
export const MODEL_PATHS = ["/chat/completions", "/responses", "/messages"] as const;
type ModelPath = (typeof MODEL_PATHS)[number];

export interface RelayStage extends AsyncDisposable, Pick<OpenTown, "town" | "edges" | "clock"> {
  /** What came to the endpoint. */
  asked: { path: string; headers: Headers; body: unknown; signal: AbortSignal }[];
  ask(path?: string, body?: object | string, more?: RequestInit): Promise<Response>;
  /** The grant of the pass, with another key. */
  grant(apiKey: string): void;
}

/** A call that each API takes. */
export function callOf(path: string): { model: string; stream: true } & Record<string, unknown> {
  const said = [{ role: "user", content: "Hello" }];
  const call = { model: "m", stream: true as const };
  return path === "/responses"
    ? { ...call, input: said }
    : { ...call, messages: said, ...(path === "/messages" && { max_tokens: 9 }) };
}

/** The end of a stream, with what it used: 10 in, 5 out. */
export const USAGE: Readonly<Record<ModelPath, string>> = {
  "/chat/completions": '{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5}}',
  "/responses":
    '{"type":"response.completed","response":{"usage":{"input_tokens":10,"output_tokens":5}}}',
  "/messages": '{"type":"message_delta","usage":{"input_tokens":10,"output_tokens":5}}',
};

export const events = (body: BodyInit | ReadableStream) =>
  new Response(body as BodyInit, { headers: { "content-type": "text/event-stream" } });

export function openRelayStage(
  answer: (request: Request, path: ModelPath) => Response | Promise<Response>,
): RelayStage {
  const open = openTown();
  const asked: RelayStage["asked"] = [];
  const endpoint = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0, idleTimeout: 0, development: false },
    async fetch(request) {
      const path = new URL(request.url).pathname.replace(/^\/v1/, "") as ModelPath;
      const { headers, signal } = request;
      asked.push({ path, headers, body: await request.json(), signal });
      return answer(request, path);
    },
  });
  const grant = (apiKey: string) => {
    const baseUrl = `http://127.0.0.1:${endpoint.port}/v1`;
    open.town.grants.set(PASS, { runId: RUN, baseUrl, apiKey, models: ["m"] });
  };
  grant(KEY);
  const ask: RelayStage["ask"] = (path = "/chat/completions", body = callOf(path), more = {}) =>
    fetch(open.edges.url + join("/api/runner/model", path), {
      method: "POST",
      headers: { authorization: `Bearer ${PASS}` },
      body: typeof body === "string" ? body : JSON.stringify(body),
      ...more,
    });
  return {
    ...{ town: open.town, edges: open.edges, clock: open.clock, asked, ask, grant },
    async [Symbol.asyncDispose]() {
      await endpoint.stop(true);
      await open.close();
    },
  };
}
