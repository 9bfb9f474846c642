/**
 * The model gateway of one run: an agent gets its URL and a token, never a key. It asks before every call whether
 * the run may still spend, adds the key, meters the tokens and passes the stream on without holding it.
 */
import { z } from "zod";
import {
  hasBearer,
  isFromProgram,
  serveLoopback,
  type ListenOn,
  type LoopbackServer,
} from "./loopback-server.ts";
import { classifyAnswer, type ModelFailure } from "./model-failure.ts";
import {
  costUsd,
  parseJson,
  readUsage,
  StreamMeter,
  type MeteredUsage,
  type ModelPrice,
  type TokenUsage,
} from "./model-usage.ts";

/** Where calls go. `baseUrl` ends before `/chat/completions`. */
export type ModelUpstream = {
  baseUrl: string;
  apiKey: string;
  headers?: Readonly<Record<string, string>>;
};

/** Why the next model call is refused. The status decides what the agent does: it retries 429, it ends on 403. */
export type Admission =
  | { ok: true }
  | { ok: false; code: string; message: string; status: 403 | 429; retryAfterMs?: number };

/** One finished model call. Without `metered` the provider told no usage (a cut stream) and the tokens are zero. */
export type ModelCallRecord = TokenUsage & {
  model: string;
  costUsd: number;
  costKnown: boolean;
  metered: boolean;
  startedAt: number;
  durationMs: number;
};

export type GatewayOptions = {
  runId: string;
  listen: ListenOn;
  /** The run's bearer token. */
  token: string;
  upstream: ModelUpstream;
  /** The models this run may use; any other is refused. */
  models: readonly string[];
  prices?: Readonly<Record<string, ModelPrice>>;
  /** Epoch milliseconds. */
  now: () => number;
  /** Asked before every call: fence, pause, budget, emergency stop. */
  admit: (call: { model: string }) => Admission | Promise<Admission>;
  onUsage: (record: ModelCallRecord) => void;
  onFailure: (failure: ModelFailure) => void;
};

export type ModelGateway = LoopbackServer & { token: string };

export const MODEL_REQUEST_BYTES_MAX = 16 * 1024 * 1024;
const ERROR_BODY_CHARS_MAX = 8_192;
const BAD_GATEWAY = 502;

const requestSchema = z.looseObject({
  model: z.string().min(1),
  messages: z.array(z.unknown()),
  stream: z.boolean().optional(),
  stream_options: z.looseObject({}).nullish(),
});
type ModelRequest = z.infer<typeof requestSchema>;

/** Opens the gateway. `close` aborts the calls in flight. */
export function openGateway(options: GatewayOptions): ModelGateway {
  const gateway = new Gateway(options);
  const server = serveLoopback({
    listen: options.listen,
    bodyBytesMax: MODEL_REQUEST_BYTES_MAX,
    fetch: (request) => gateway.answer(request),
  });
  return {
    address: server.address,
    token: options.token,
    async close() {
      gateway.abortCalls();
      await server.close();
    },
  };
}

class Gateway {
  readonly #options: GatewayOptions;
  readonly #closing = new AbortController();

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  abortCalls(): void {
    this.#closing.abort();
  }

  async answer(request: Request): Promise<Response> {
    if (!isFromProgram(request))
      return refusal(403, "forbidden_origin", "Only the run's own agent may call this gateway.");
    if (!hasBearer(request, this.#options.token))
      return refusal(401, "invalid_token", "This gateway needs the run's token.");
    const { pathname } = new URL(request.url);
    if (pathname === "/v1/models" && request.method === "GET") return this.#listModels();
    if (pathname === "/v1/chat/completions" && request.method === "POST")
      return this.#complete(request);
    return refusal(
      404,
      "unknown_path",
      "This gateway answers POST /v1/chat/completions and GET /v1/models.",
    );
  }

  #listModels(): Response {
    const list = this.#options.models.map((id) => ({
      id,
      object: "model",
      created: 0,
      owned_by: "town",
    }));
    return Response.json({ object: "list", data: list });
  }

  async #complete(request: Request): Promise<Response> {
    const parsed = requestSchema.safeParse(parseJson(await request.text()));
    if (!parsed.success)
      return refusal(
        400,
        "invalid_request",
        `Not a chat request: ${z.prettifyError(parsed.error)}`,
      );
    const { model } = parsed.data;
    if (!this.#options.models.includes(model)) {
      return refusal(
        403,
        "model_not_allowed",
        `This run may use ${this.#options.models.join(", ")}, not ${model}.`,
      );
    }
    const admission = await this.#options.admit({ model });
    if (!admission.ok)
      return refusal(admission.status, admission.code, admission.message, admission.retryAfterMs);
    const startedAt = this.#options.now();
    const abort = AbortSignal.any([request.signal, this.#closing.signal]);
    const answer = await this.#call(parsed.data, abort);
    if (answer instanceof Error) return this.#unreachable(answer, abort);
    if (!answer.ok) return this.#refusedUpstream(answer);
    return parsed.data.stream === true
      ? this.#stream(answer, { model, startedAt, abort })
      : this.#whole(answer, model, startedAt);
  }

  async #call(body: ModelRequest, signal: AbortSignal): Promise<Response | Error> {
    const { baseUrl, apiKey, headers } = this.#options.upstream;
    const metered =
      body.stream === true
        ? { ...body, stream_options: { ...body.stream_options, include_usage: true } }
        : body;
    try {
      return await fetch(`${baseUrl.replace(/\/+$/, "")}/chat/completions`, {
        method: "POST",
        headers: {
          ...headers,
          "content-type": "application/json",
          authorization: `Bearer ${apiKey}`,
          "x-kilocode-feature": "gastown",
        },
        body: JSON.stringify(metered),
        // A redirect would carry the key to another host.
        redirect: "manual",
        timeout: false,
        signal,
      });
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #unreachable(error: Error, abort: AbortSignal): Response {
    if (abort.aborted) return refusal(499, "cancelled", "The call was cancelled.");
    const message = this.#redact(`The model endpoint cannot be reached: ${error.message}`);
    this.#options.onFailure({ kind: "unreachable", status: null, message, retryAfterMs: null });
    return refusal(BAD_GATEWAY, "model_unreachable", message);
  }

  async #refusedUpstream(answer: Response): Promise<Response> {
    const body = this.#redact((await answer.text()).slice(0, ERROR_BODY_CHARS_MAX));
    const failure = classifyAnswer(answer.status, answer.headers, body, this.#options.now());
    this.#options.onFailure(failure);
    const status = answer.status >= 400 ? answer.status : BAD_GATEWAY;
    return refusal(
      status,
      `model_${failure.kind}`,
      failure.message || `The model endpoint answered ${answer.status}.`,
      failure.retryAfterMs ?? undefined,
    );
  }

  async #whole(answer: Response, model: string, startedAt: number): Promise<Response> {
    const body = await answer.text();
    this.#record(model, startedAt, readUsage(parseJson(body)));
    return new Response(body, { headers: { "content-type": "application/json" } });
  }

  /** Pulls from the provider only when the agent reads. */
  #stream(
    answer: Response,
    { model, startedAt, abort }: { model: string; startedAt: number; abort: AbortSignal },
  ): Response {
    const meter = new StreamMeter();
    const reader = (answer.body ?? new Blob([]).stream()).getReader();
    const { onFailure } = this.#options;
    let recorded = false;
    const finish = () => {
      if (!recorded) this.#record(model, startedAt, meter.usage);
      recorded = true;
    };
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            finish();
            controller.close();
            return;
          }
          meter.watch(value);
          controller.enqueue(value);
        } catch {
          // The provider broke off. So must we: the agent sees a cut connection and tries again by its own rule.
          finish();
          if (!abort.aborted)
            onFailure({
              kind: "unreachable",
              status: answer.status,
              message: "The model endpoint broke its answer off.",
              retryAfterMs: null,
            });
          controller.error();
        }
      },
      async cancel(reason) {
        finish();
        await reader.cancel(reason);
      },
    });
    return new Response(body, {
      headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
    });
  }

  #record(model: string, startedAt: number, usage: MeteredUsage | null): void {
    const { reportedCostUsd = null, ...tokens } = usage ?? {};
    const spent: TokenUsage = {
      inputTokens: 0,
      outputTokens: 0,
      reasoningTokens: 0,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      ...tokens,
    };
    const price = this.#options.prices?.[model];
    const cost = reportedCostUsd ?? (price === undefined ? null : costUsd(spent, price));
    this.#options.onUsage({
      ...spent,
      model,
      costUsd: cost ?? 0,
      costKnown: cost !== null,
      metered: usage !== null,
      startedAt,
      durationMs: this.#options.now() - startedAt,
    });
  }

  /** A provider may quote the key it refused. */
  #redact(text: string): string {
    const { apiKey } = this.#options.upstream;
    return apiKey === "" ? text : text.replaceAll(apiKey, "[key]");
  }
}

/** An error in the shape OpenAI clients read. */
function refusal(status: number, code: string, message: string, retryAfterMs?: number): Response {
  const headers = new Headers({ "content-type": "application/json" });
  if (retryAfterMs !== undefined)
    headers.set("retry-after", String(Math.ceil(retryAfterMs / 1000)));
  return new Response(JSON.stringify({ error: { message, type: "gateway_error", code } }), {
    status,
    headers,
  });
}
