import { CallLog, type CallSummary, type ModelCall } from "./call-log.ts";
import { applyFault, chooseTurn, type Answer } from "./choose-turn.ts";
import { chatDialect } from "./dialects/chat.ts";
import type { ScriptedDialect, Spoken } from "./dialects/dialect.ts";
import { messagesDialect } from "./dialects/messages.ts";
import { responsesDialect } from "./dialects/responses.ts";
import { readConversation, type Conversation } from "./conversation.ts";
import { FaultCount } from "./fault-count.ts";
import { inputTokens } from "./spent-tokens.ts";
import type { Script } from "./script.ts";
import { eventStream, pause } from "./stream.ts";

/** Largest request that is read: a conversation with several large tool results fits. */
const REQUEST_BYTES_MAX = 32 * 1024 * 1024;

export interface ScriptedModelOptions {
  readonly script: Script;
  /** 0 or absent: a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly hostname?: string;
  /** When given, every request must carry it, as its API does: as a bearer token or `x-api-key`. */
  readonly apiKey?: string;
  /** When given, other model names are answered with 404 `model_not_found`. */
  readonly models?: readonly string[];
  /** Told of every request for a completion before it is answered. */
  readonly onCall?: (call: ModelCall) => void;
  /** Epoch milliseconds; default the system's clock. */
  readonly now?: () => number;
}

export interface ScriptedModel {
  /** Base of the API, with `/v1`. */
  readonly url: string;
  readonly port: number;
  /** Breaks open answers off and frees the port. */
  stop(): Promise<void>;
  calls(): CallSummary;
}

const DIALECTS = [chatDialect, messagesDialect, responsesDialect];

/**
 * Starts a server that plays `script`, in three APIs: chat completions, messages, responses. What it answers depends on the
 * request alone (save `times` of a fault), so any number of them, restarted at will, agree.
 * @throws when the port is taken
 */
export function startScriptedModel(options: ScriptedModelOptions): ScriptedModel {
  const stopping = new AbortController();
  const log = new CallLog();
  const desk: Desk = {
    options,
    log,
    faults: new FaultCount(),
    stopped: stopping.signal,
    now: options.now ?? Date.now,
  };
  const server = Bun.serve({
    port: options.port ?? 0,
    hostname: options.hostname ?? "127.0.0.1",
    maxRequestBodySize: REQUEST_BYTES_MAX,
    idleTimeout: 0,
    fetch: (request) => answerHttp(desk, request),
    development: false,
    // Outside of development Bun shares a port with whoever asks for it too.
    reusePort: false,
  });
  const port = server.port ?? 0;
  return {
    url: `http://${options.hostname ?? "127.0.0.1"}:${port}/v1`,
    port,
    async stop() {
      stopping.abort();
      await server.stop(true);
    },
    calls: () => log.summary(),
  };
}

interface Desk {
  readonly options: ScriptedModelOptions;
  readonly log: CallLog;
  readonly faults: FaultCount;
  readonly stopped: AbortSignal;
  readonly now: () => number;
}

async function answerHttp(desk: Desk, request: Request): Promise<Response> {
  const { apiKey, models } = desk.options;
  const { pathname } = new URL(request.url);
  const found = DIALECTS.find(({ path, countPath }) => pathname === path || pathname === countPath);
  const dialect = found ?? chatDialect;
  if (apiKey !== undefined && dialect.keyOf(request.headers) !== apiKey)
    return errorResponse(dialect, 401);
  if (request.method === "GET" && pathname === "/v1/models")
    return Response.json(modelList(models ?? ["scripted"]));
  if (request.method === "POST" && found) return answerModel(desk, found, request);
  return errorResponse(dialect, 404, {
    message: `There is no ${request.method} ${pathname} here. The scripted model serves /v1/models, ${DIALECTS.map(({ path }) => path).join(", ")}.`,
    code: "unknown_url",
  });
}

async function answerModel(desk: Desk, dialect: ScriptedDialect, http: Request): Promise<Response> {
  const body = await http.text();
  const value = jsonOf(body);
  const request = value.ok ? dialect.read(value.json) : value.message;
  if (typeof request === "string") return errorResponse(dialect, 400, { message: request });
  const { model } = request;
  if (desk.options.models && !desk.options.models.includes(model))
    return errorResponse(dialect, 404, {
      message: `The model \`${model}\` does not exist or you do not have access to it.`,
    });
  if (new URL(http.url).pathname === dialect.countPath)
    return Response.json({ input_tokens: inputTokens(request) });
  const talk = readConversation(request);
  const answer = applyFault(desk.faults.admit(chooseTurn(desk.options.script, talk), talk), talk);
  const at = desk.now();
  record(desk, talk, answer, {
    at,
    path: dialect.path,
    model,
    requestBytes: Buffer.byteLength(body),
  });
  const id = Bun.hash(body).toString(36);
  const frame = { id, model, createdSeconds: Math.floor(at / 1000) };
  return play(desk, http, { dialect, spoken: { request, answer, frame } });
}

async function play(
  desk: Desk,
  http: Request,
  turn: { dialect: ScriptedDialect; spoken: Spoken },
): Promise<Response> {
  const { dialect, spoken } = turn;
  const { request, answer } = spoken;
  const fault = answer.fault;
  const over = AbortSignal.any([http.signal, desk.stopped]);
  if (fault?.kind === "http")
    return errorResponse(dialect, fault.status, {}, fault.retryAfterSeconds);
  if (fault?.kind === "slow_first_byte") await pause(fault.delayMs, over);
  if (fault?.kind === "silence" && (answer.text === "" || !request.stream)) {
    await pause(fault.forMs ?? Number.POSITIVE_INFINITY, over);
    return errorResponse(dialect, 504, {
      message: "The scripted model kept silent.",
      code: "timeout",
    });
  }
  if (!request.stream) {
    await pause(answer.pauseMs, over);
    return Response.json(dialect.body(spoken));
  }
  const events = eventStream({
    chunks: dialect.chunks(spoken),
    end: dialect.end,
    fault,
    stopped: desk.stopped,
  });
  return new Response(events, {
    headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" },
  });
}

function jsonOf(body: string): { ok: true; json: unknown } | { ok: false; message: string } {
  try {
    return { ok: true, json: JSON.parse(body) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { ok: false, message: `The body is not JSON: ${error.message}` };
  }
}

function record(
  desk: Desk,
  talk: Conversation,
  answer: Answer,
  seen: Pick<ModelCall, "at" | "path" | "model" | "requestBytes">,
): void {
  const call: ModelCall = {
    ...seen,
    role: talk.role ?? "none",
    beadTitle: talk.beadTitle,
    attempt: talk.attempt,
    round: talk.round,
    turnIndex: talk.turnIndex,
    tools: talk.offeredTools,
    origin: answer.origin,
    fault: answer.fault?.kind ?? null,
  };
  desk.log.add(call);
  desk.options.onCall?.(call);
}

/** What an API says of a status: message, type and code, in OpenAI's words. */
const ERRORS: Readonly<Record<number, readonly [message: string, type: string, code: string]>> = {
  400: ["The request is wrong.", "invalid_request_error", "invalid_request"],
  401: ["Incorrect API key provided.", "invalid_request_error", "invalid_api_key"],
  402: ["You exceeded your current quota.", "insufficient_quota", "insufficient_quota"],
  404: [
    "The model does not exist or you do not have access to it.",
    "invalid_request_error",
    "model_not_found",
  ],
  429: ["Rate limit reached. Please try again later.", "requests", "rate_limit_exceeded"],
};
const SERVER_ERROR = [
  "The server had an error while processing your request.",
  "server_error",
  "server_error",
] as const;

function errorResponse(
  dialect: ScriptedDialect,
  status: number,
  more: { message?: string; code?: string } = {},
  retryAfterSeconds?: number,
): Response {
  const [message, type, code] = ERRORS[status] ?? SERVER_ERROR;
  const body = dialect.error({ status, message, type, code, ...more });
  const response = Response.json(body, { status });
  if (retryAfterSeconds !== undefined)
    response.headers.set("retry-after", String(retryAfterSeconds));
  return response;
}

function modelList(models: readonly string[]): unknown {
  return {
    object: "list",
    data: models.map((id) => ({ id, object: "model", created: 0, owned_by: "gastown" })),
  };
}
