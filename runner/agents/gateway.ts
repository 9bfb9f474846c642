/**
 * The model gateway of one run: an agent gets its URL and a token, never a key. It asks before every call whether
 * the run may still spend, adds the key, meters the tokens and passes the stream on without holding it. Agent and
 * endpoint speak the same API (`dialects/`).
 */
import type { Dialect, Endpoint, JsonObject } from "../../protocol/model-api/dialect.ts";
import { dialectOf, ENDPOINT_PATHS, findEndpoint } from "../../protocol/model-api/dialects.ts";
import { checkRequest, readRequest } from "../../protocol/model-api/request-check.ts";
import { isFromProgram, isSecret, serveLoopback } from "./loopback-server.ts";
import type { ListenOn, LoopbackServer } from "./loopback-server.ts";
import { classifyEvent, type ModelFailure } from "../../protocol/model-api/model-failure.ts";
import { parseJson, type TokenUsage } from "../../protocol/model-api/model-usage.ts";
import { AnswerBody } from "./upstream/answer-body.ts";
import { CallMeter } from "../../protocol/model-api/call-meter.ts";
import { PATIENCE, type Patience } from "./upstream/patience.ts";
import { Upstream } from "./upstream/upstream.ts";
import type { ModelUpstream, Renew, UpstreamAnswer } from "./upstream/upstream.ts";

/** Why the next model call is refused. The status decides what the agent does: it retries 429, it ends on 403. */
export type Admission =
  | { ok: true }
  | { ok: false; code: string; message: string; status: 403 | 429; retryAfterMs?: number };

/**
 * One finished model call. Without `metered` the provider told no usage, or its answer was cut off: then the tokens
 * are what was told or, where that is more, what was seen.
 */
export type ModelCallRecord = TokenUsage & {
  model: string;
  /** As the endpoint named it; null when it did not. */
  costUsd: number | null;
  metered: boolean;
  /** Whether the answer came to its end. */
  complete: boolean;
  startedAt: number;
  durationMs: number;
};

export type GatewayOptions = {
  runId: string;
  listen: ListenOn;
  /** The run's token. */
  token: string;
  /** Asked for at the first call that is admitted, where it is not known before. */
  upstream: ModelUpstream | (() => ModelUpstream);
  /** Asked when the endpoint has refused the key: it may have been changed while the run goes on. */
  renew?: Renew;
  /** The models this run may use; any other is refused. */
  models: readonly string[];
  /** Epoch milliseconds. */
  now: () => number;
  /** Asked before every call: fence, pause, budget, emergency stop. */
  admit: (call: { model: string }) => Admission | Promise<Admission>;
  onUsage: (record: ModelCallRecord) => void;
  onFailure: (failure: ModelFailure) => void;
  patience?: Partial<Patience>;
};

/** Where calls go now. */
export function upstreamNow(given: GatewayOptions["upstream"]): ModelUpstream {
  return typeof given === "function" ? given() : given;
}

export type ModelGateway = LoopbackServer & { token: string };

export const MODEL_REQUEST_BYTES_MAX = 16 * 1024 * 1024;
/** Of one that is not streamed; it is held as a whole. */
export const MODEL_ANSWER_BYTES_MAX = 32 * 1024 * 1024;
const BAD_GATEWAY = 502;

/** Opens the gateway. `close` aborts the calls in flight. */
export function openGateway(options: GatewayOptions): ModelGateway {
  const gateway = new Gateway(options);
  const server = serveLoopback({
    listen: options.listen,
    // What is somewhat too large is refused by ourselves, in words.
    bodyBytesMax: 2 * MODEL_REQUEST_BYTES_MAX,
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

/** A call on its way. */
interface Call {
  dialect: Dialect;
  endpoint: Endpoint;
  model: string;
  body: JsonObject;
  headers: Headers;
  startedAt: number;
  /** Aborted when the agent is gone or the gateway closes. */
  signal: AbortSignal;
  meter: CallMeter;
}

class Gateway {
  readonly #options: GatewayOptions;
  readonly #patience: Patience;
  #upstream: Upstream | null = null;
  readonly #closing = new AbortController();

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#patience = { ...PATIENCE, ...options.patience };
  }

  /** Where calls go; only one that was admitted gets there. */
  get #calls(): Upstream {
    if (this.#upstream !== null) return this.#upstream;
    const { upstream: given, now, renew = null } = this.#options;
    return (this.#upstream = new Upstream(upstreamNow(given), {
      patience: this.#patience,
      now,
      renew,
    }));
  }

  abortCalls(): void {
    this.#closing.abort();
  }

  async answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const found = findEndpoint(pathname);
    const dialect = found?.dialect ?? dialectOf(request.headers);
    if (!isFromProgram(request))
      return refusal(dialect, 403, "forbidden_origin", "Only the run's agent may call this.");
    if (!isSecret(dialect.tokenOf(request.headers) ?? "", this.#options.token))
      return refusal(dialect, 401, "invalid_token", "This gateway needs the run's token.");
    if (pathname === "/v1/models" && request.method === "GET") return this.#listModels();
    if (found !== null && request.method === "POST")
      return this.#take(request, found.dialect, found.endpoint);
    const served = `POST ${ENDPOINT_PATHS.join(", ")} and GET /v1/models`;
    return refusal(dialect, 404, "unknown_path", `This gateway answers ${served}.`);
  }

  /** In the shape of both providers' lists at once. */
  #listModels(): Response {
    const { models } = this.#options;
    const [first = null] = models;
    const data = models.map((id) => ({
      ...{ id, object: "model", created: 0, owned_by: "town" },
      ...{ type: "model", display_name: id, created_at: new Date(0).toISOString() },
    }));
    const page = { has_more: false, first_id: first, last_id: models.at(-1) ?? null };
    return Response.json({ object: "list", data, ...page });
  }

  async #take(request: Request, dialect: Dialect, endpoint: Endpoint): Promise<Response> {
    const text = await request.text();
    if (Buffer.byteLength(text) > MODEL_REQUEST_BYTES_MAX)
      return refusal(dialect, 413, "too_large", "A request has at most 16 MB.");
    const checked = checkRequest(dialect, endpoint, readRequest(text));
    if (!checked.ok) return refusal(dialect, 400, checked.denied.code, checked.denied.message);
    const { model } = checked;
    if (!this.#options.models.includes(model)) {
      const allowed = this.#options.models.join(", ");
      const message = `This run may use ${allowed}, not ${model}.`;
      return refusal(dialect, 403, "model_not_allowed", message);
    }
    const admission = await this.#options.admit({ model });
    if (!admission.ok) {
      const { status, code, message, retryAfterMs } = admission;
      return refusal(dialect, status, code, message, retryAfterMs);
    }
    const body = dialect.rewrite(checked.body);
    return this.#pass({
      ...{ dialect, endpoint, model, body },
      headers: request.headers,
      startedAt: this.#options.now(),
      signal: AbortSignal.any([request.signal, this.#closing.signal]),
      meter: new CallMeter(dialect.openReader(), body),
    });
  }

  async #pass(call: Call): Promise<Response> {
    const got = await this.#calls.call(call);
    if (!got.ok) return this.#notAnswered(call, got);
    if (got.recovered !== null) this.#options.onFailure(got.recovered);
    const body = new AnswerBody(got.answer, this.#patience.silenceMs, call.signal);
    return isStream(call, got.answer)
      ? this.#stream(call, body, answerHeaders(got.answer, "text/event-stream"))
      : this.#whole(call, body, answerHeaders(got.answer, "application/json"));
  }

  #notAnswered(call: Call, got: Extract<UpstreamAnswer, { ok: false }>): Response {
    const { dialect } = call;
    if (got.failure === null) return refusal(dialect, 499, "cancelled", "The call was cancelled.");
    const { failure, said } = got;
    this.#options.onFailure(failure);
    const status = (failure.status ?? 0) >= 400 ? (failure.status ?? 0) : BAD_GATEWAY;
    // What the endpoint has against the request, only the agent can mend: it reads the endpoint's own words.
    if (failure.kind === "other" && status < 500 && hasError(said))
      return new Response(said, { status, headers: { "content-type": "application/json" } });
    const message =
      failure.message || `The model endpoint answered ${failure.status ?? "nothing"}.`;
    const { kind, retryAfterMs } = failure;
    return refusal(dialect, status, `model_${kind}`, message, retryAfterMs ?? undefined);
  }

  async #whole(call: Call, body: AnswerBody, headers: Headers): Promise<Response> {
    let bytes: Uint8Array<ArrayBuffer> | null = null;
    let why = "is longer than 32 MB";
    try {
      bytes = await body.all(MODEL_ANSWER_BYTES_MAX);
    } catch (error) {
      why = `broke off: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (bytes === null) {
      this.#record(call);
      const { signal, dialect } = call;
      if (signal.aborted) return refusal(dialect, 499, "cancelled", "The call was cancelled.");
      const message = `The model endpoint's answer ${why}.`;
      this.#options.onFailure(unreachable(message));
      return refusal(dialect, BAD_GATEWAY, "model_unreachable", message);
    }
    call.meter.whole(parseJson(Buffer.from(bytes).toString("utf8")), bytes.byteLength);
    this.#record(call);
    return new Response(bytes, { headers });
  }

  /** Pulls from the provider only when the agent reads. */
  #stream(call: Call, body: AnswerBody, headers: Headers): Response {
    const { meter, signal } = call;
    const record = () => this.#record(call);
    const { onFailure } = this.#options;
    const stream = new ReadableStream<Uint8Array>({
      async pull(controller) {
        try {
          const piece = await body.next();
          if (piece !== null) {
            meter.piece(piece);
            controller.enqueue(piece);
            return;
          }
          meter.complete();
          record();
          controller.close();
        } catch {
          // The provider broke off. So must we: the agent sees a cut connection and tries again by its own rule.
          record();
          if (!signal.aborted) onFailure(unreachable("The model endpoint broke its answer off."));
          controller.error();
        }
      },
      cancel() {
        record();
        body.cancel();
      },
    });
    return new Response(stream, { headers });
  }

  /** Tells what a call used, once. */
  #record({ endpoint, dialect, meter, model, startedAt }: Call): void {
    if (!meter.close() || !endpoint.metered) return;
    const { failure } = meter;
    if (failure !== null) {
      const message = this.#calls.redact(failure.message);
      this.#options.onFailure(classifyEvent({ ...failure, message }, dialect.failureKinds));
    }
    const { reportedCostUsd, ...spent } = meter.spent();
    this.#options.onUsage({
      ...spent,
      model,
      costUsd: reportedCostUsd,
      metered: meter.isTold,
      complete: meter.isComplete,
      startedAt,
      durationMs: this.#options.now() - startedAt,
    });
  }
}

/** Some endpoints do not name what they stream, and some stream what was not to be streamed. */
function isStream(call: Call, answer: Response): boolean {
  const type = answer.headers.get("content-type") ?? "";
  if (type.startsWith("text/event-stream")) return true;
  return call.body["stream"] === true && !type.startsWith("application/json");
}

function unreachable(message: string): ModelFailure {
  return { kind: "unreachable", status: null, message, retryAfterMs: null };
}

/** Only what an agent's client may read: the connection, the encoding and the provider's account are not its own. */
function answerHeaders(answer: Response, type: string): Headers {
  const headers = new Headers({ "content-type": type, "cache-control": "no-store" });
  for (const name of ["request-id", "x-request-id"]) {
    const value = answer.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return headers;
}

function hasError(said: string): boolean {
  const parsed = parseJson(said);
  return typeof parsed === "object" && parsed !== null && "error" in parsed;
}

function refusal(
  dialect: Dialect,
  status: number,
  code: string,
  message: string,
  retryAfterMs?: number,
): Response {
  const headers = new Headers({ "content-type": "application/json" });
  if (retryAfterMs !== undefined)
    headers.set("retry-after", String(Math.ceil(retryAfterMs / 1000)));
  return new Response(JSON.stringify(dialect.errorBody({ status, code, message })), {
    status,
    headers,
  });
}
