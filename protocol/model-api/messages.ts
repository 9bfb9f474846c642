/** Anthropic's messages, with the counting of tokens. */
import { z } from "zod";
import type { MeteredUsage } from "./model-usage.ts";
import type { Denied, Dialect, JsonObject, UsageReader } from "./dialect.ts";
import { bearerOf } from "./openai.ts";
import {
  hosted,
  inspectContents,
  inspectTools,
  isObject,
  remoteContent,
  stored,
  unknownContent,
} from "./request-check.ts";

const COUNTED = [
  ...["model", "messages", "system", "tools", "tool_choice", "thinking", "cache_control"],
  ...["output_config", "context_management"],
];
const FIELDS = new Set([
  ...COUNTED,
  ...["max_tokens", "stream", "stop_sequences", "temperature", "top_p", "top_k", "metadata"],
  ...["service_tier", "output_format"],
]);

/** Types without a date, or with one: `bash_20250124`. */
const TOOL_TYPE = /^(custom|(bash|text_editor|computer|memory)_\d{8})$/;
const BLOCK_TYPES = new Set([
  ...["text", "image", "document", "search_result", "thinking", "redacted_thinking"],
  ...["tool_use", "tool_result"],
]);
const SOURCE_TYPES = new Set(["base64", "text", "content"]);

const VERSION = "2023-06-01";
/** Betas that change how a call is phrased, not what the endpoint does besides. The others are taken out. */
const BETA =
  /^(claude-code|computer-use|context-management|extended-cache-ttl|fine-grained-tool-streaming|interleaved-thinking|output-128k|pdfs|prompt-caching|structured-outputs|token-counting|token-efficient-tools)-\d/;

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  529: "overloaded_error",
};

export const messagesDialect: Dialect = {
  name: "messages",
  conversation: "messages",
  endpoints: [
    { path: "/messages", fields: FIELDS, metered: true },
    { path: "/messages/count_tokens", fields: new Set(COUNTED), metered: false },
  ],
  tokenOf: (headers) => headers.get("x-api-key") ?? bearerOf(headers),
  headersFor: (agent, key) => {
    const betas = (agent.get("anthropic-beta") ?? "")
      .split(",")
      .map((beta) => beta.trim())
      .filter((beta) => BETA.test(beta));
    return {
      // Endpoints take one or the other: the agent was set up for this one.
      ...(agent.has("x-api-key") ? { "x-api-key": key } : { authorization: `Bearer ${key}` }),
      "anthropic-version": agent.get("anthropic-version") ?? VERSION,
      ...(betas.length === 0 ? {} : { "anthropic-beta": betas.join(",") }),
    };
  },
  refused: {
    container: hosted("`container` runs code at the endpoint: leave it out."),
    mcp_servers: hosted("`mcp_servers` are called by the endpoint: give the agent its tools."),
    fallbacks: hosted("`fallbacks` let the endpoint choose another model: name one in `model`."),
    speed: hosted("`speed` has a price of its own: leave it out."),
    thread: stored("`thread` is kept at the endpoint: send the whole conversation in `messages`."),
  },
  inspect: (body) =>
    inspectTools(body["tools"], (type) => TOOL_TYPE.test(type)) ??
    inspectContext(body["context_management"]) ??
    inspectContents([body["system"], body["messages"]], contentRule),
  rewrite: (body) => body,
  openReader: () => new MessagesUsageReader(),
  errorBody: ({ status, code, message }) => ({
    type: "error",
    error: { type: ERROR_TYPES[status] ?? "api_error", message, code },
  }),
  failureKinds: {
    authentication_error: "auth",
    permission_error: "auth",
    billing_error: "quota",
    not_found_error: "model_missing",
    rate_limit_error: "throttle",
    overloaded_error: "throttle",
    timeout_error: "unreachable",
  },
};

/** Edits that clear are free; one that compacts calls the model once more. */
function inspectContext(value: unknown): Denied | null {
  if (value === undefined || value === null) return null;
  const edits = isObject(value) ? (value["edits"] ?? []) : null;
  const clears =
    Array.isArray(edits) &&
    edits.every((edit) => isObject(edit) && String(edit["type"]).startsWith("clear_"));
  return clears ? null : hosted("Of `context_management` only edits that clear are let through.");
}

function contentRule(block: JsonObject): Denied | null {
  const { type, source } = block;
  if (type === undefined && "role" in block) return null;
  if (typeof type !== "string" || !BLOCK_TYPES.has(type)) return unknownContent(type);
  if (type !== "image" && type !== "document") return null;
  const inline = isObject(source) && SOURCE_TYPES.has(String(source["type"]));
  return inline ? null : remoteContent;
}

const count = z.number().nonnegative().nullish();
const usageSchema = z.object({
  input_tokens: count,
  output_tokens: count,
  cache_read_input_tokens: count,
  cache_creation_input_tokens: count,
  output_tokens_details: z.object({ thinking_tokens: count }).nullish(),
});
const answerSchema = z.object({
  usage: usageSchema.nullish(),
  message: z.object({ usage: usageSchema.nullish() }).nullish(),
  error: z.object({ type: z.string(), message: z.string() }).nullish(),
});

/** The opening tells what went in, each later event the output so far, and perhaps the input once more. */
class MessagesUsageReader implements UsageReader {
  usage: MeteredUsage | null = null;
  failure: UsageReader["failure"] = null;
  #outputs = 0;

  read(json: unknown): void {
    const parsed = answerSchema.safeParse(json);
    if (!parsed.success) return;
    const { usage, message, error } = parsed.data;
    if (error) this.failure = { code: error.type, message: error.message };
    const told = usage ?? message?.usage;
    if (!told) return;
    const { usage: before } = this;
    this.#outputs = told.output_tokens ?? this.#outputs;
    const thinking = told.output_tokens_details?.thinking_tokens ?? before?.reasoningTokens ?? 0;
    const reasoningTokens = Math.min(thinking, this.#outputs);
    this.usage = {
      inputTokens: told.input_tokens ?? before?.inputTokens ?? 0,
      outputTokens: this.#outputs - reasoningTokens,
      reasoningTokens,
      cacheReadTokens: told.cache_read_input_tokens ?? before?.cacheReadTokens ?? 0,
      cacheWriteTokens: told.cache_creation_input_tokens ?? before?.cacheWriteTokens ?? 0,
      reportedCostUsd: null,
    };
  }
}
