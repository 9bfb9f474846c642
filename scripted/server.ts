import { CallLog, type CallSummary, type ModelCall } from "./call-log.ts";
import { applyFault, chooseTurn, type Answer } from "./choose-turn.ts";
import { completionBody, completionChunks, type CompletionFrame } from "./completion.ts";
import { readConversation, type Conversation } from "./conversation.ts";
import { FaultCount } from "./fault-count.ts";
import { chatRequestSchema, type ChatRequest } from "./request.ts";
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
  /** When given, every request must carry it as a bearer token. */
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

/**
 * Starts an OpenAI-compatible chat server that plays `script`. What it answers depends on the
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
  if (apiKey !== undefined && request.headers.get("authorization") !== `Bearer ${apiKey}`) {
    return errorResponse(
      401,
      "Incorrect API key provided.",
      "invalid_request_error",
      "invalid_api_key",
    );
  }
  const route = `${request.method} ${new URL(request.url).pathname}`;
  if (route === "GET /v1/models") return Response.json(modelList(models ?? ["scripted"]));
  if (route === "POST /v1/chat/completions") return answerChat(desk, request);
  return errorResponse(
    404,
    `There is no ${route} here. The scripted model serves /v1/models and /v1/chat/completions.`,
    "invalid_request_error",
    "unknown_url",
  );
}

async function answerChat(desk: Desk, http: Request): Promise<Response> {
  const body = await http.text();
  const request = parseRequest(body);
  if (typeof request === "string")
    return errorResponse(400, request, "invalid_request_error", "invalid_request");
  if (desk.options.models && !desk.options.models.includes(request.model)) {
    return errorResponse(
      404,
      `The model \`${request.model}\` does not exist or you do not have access to it.`,
      "invalid_request_error",
      "model_not_found",
    );
  }
  const talk = readConversation(request);
  const answer = applyFault(desk.faults.admit(chooseTurn(desk.options.script, talk), talk), talk);
  const at = desk.now();
  record(desk, talk, answer, { at, model: request.model, requestBytes: Buffer.byteLength(body) });
  const frame: CompletionFrame = {
    id: `chatcmpl-${Bun.hash(body).toString(36)}`,
    model: request.model,
    createdSeconds: Math.floor(at / 1000),
  };
  return play(desk, http, { request, answer, frame });
}

async function play(
  desk: Desk,
  http: Request,
  turn: { request: ChatRequest; answer: Answer; frame: CompletionFrame },
): Promise<Response> {
  const { request, answer, frame } = turn;
  const fault = answer.fault;
  const over = AbortSignal.any([http.signal, desk.stopped]);
  if (fault?.kind === "http") return faultResponse(fault.status, fault.retryAfterSeconds);
  if (fault?.kind === "slow_first_byte") await pause(fault.delayMs, over);
  if (fault?.kind === "silence" && (answer.text === "" || !request.stream)) {
    await pause(fault.forMs ?? Number.POSITIVE_INFINITY, over);
    return errorResponse(504, "The scripted model kept silent.", "server_error", "timeout");
  }
  if (!request.stream) {
    await pause(answer.pauseMs, over);
    return Response.json(completionBody(answer, frame, request));
  }
  const events = eventStream({
    chunks: completionChunks(answer, frame, request),
    fault,
    stopped: desk.stopped,
  });
  return new Response(events, {
    headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" },
  });
}

function parseRequest(body: string): ChatRequest | string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return `The body is not JSON: ${error.message}`;
  }
  const parsed = chatRequestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return `The request is wrong at ${issue?.path.join(".") ?? "the top"}: ${issue?.message ?? "not a chat request"}`;
}

function record(
  desk: Desk,
  talk: Conversation,
  answer: Answer,
  seen: { at: number; model: string; requestBytes: number },
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

function faultResponse(status: number, retryAfterSeconds: number | undefined): Response {
  const known: Record<number, readonly [string, string, string]> = {
    401: ["Incorrect API key provided.", "invalid_request_error", "invalid_api_key"],
    404: [
      "The model does not exist or you do not have access to it.",
      "invalid_request_error",
      "model_not_found",
    ],
    429: ["Rate limit reached. Please try again later.", "requests", "rate_limit_exceeded"],
  };
  const [message, type, code] = known[status] ?? [
    "The server had an error while processing your request.",
    "server_error",
    "server_error",
  ];
  const response = errorResponse(status, message, type, code);
  if (retryAfterSeconds !== undefined)
    response.headers.set("retry-after", String(retryAfterSeconds));
  return response;
}

function errorResponse(status: number, message: string, type: string, code: string): Response {
  return Response.json({ error: { message, type, param: null, code } }, { status });
}

function modelList(models: readonly string[]): unknown {
  return {
    object: "list",
    data: models.map((id) => ({ id, object: "model", created: 0, owned_by: "gastown" })),
  };
}
