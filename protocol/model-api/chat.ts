/** OpenAI's chat completions, as most endpoints speak it. */
import { z } from "zod";
import type { MeteredUsage } from "./model-usage.ts";
import type { Denied, Dialect, JsonObject, UsageReader } from "./dialect.ts";
import { openAi } from "./openai.ts";
import {
  hosted,
  inspectContents,
  inspectTools,
  isAddress,
  isInline,
  isObject,
  remoteContent,
  stored,
  unknownContent,
} from "./request-check.ts";

const FIELDS = new Set([
  ...["model", "messages", "stream", "stream_options", "tools", "tool_choice"],
  ...["parallel_tool_calls", "functions", "function_call", "response_format", "prediction"],
  ...["max_tokens", "max_completion_tokens", "stop", "n", "seed", "temperature", "top_p", "top_k"],
  ...["min_p", "frequency_penalty", "presence_penalty", "repetition_penalty", "logit_bias"],
  ...["logprobs", "top_logprobs", "reasoning", "reasoning_effort", "verbosity", "thinking"],
  ...["enable_thinking", "chat_template_kwargs", "chat_template_args", "user", "metadata"],
  ...["safety_identifier", "prompt_cache_key", "prompt_cache_retention", "service_tier"],
]);

const TOOL_TYPES = new Set(["function", "custom"]);
const PART_TYPES = new Set(["text", "image_url", "input_audio", "file", "refusal", "thinking"]);

export const chatDialect: Dialect = {
  ...openAi,
  name: "chat",
  conversation: "messages",
  endpoints: [{ path: "/chat/completions", fields: FIELDS, metered: true }],
  refused: {
    store: stored("`store` keeps answers at the endpoint: leave it out."),
    web_search_options: hosted("`web_search_options` searches at the endpoint: leave it out."),
    plugins: hosted("`plugins` run at the endpoint: leave them out."),
    models: hosted("`models` lets the endpoint choose another model: name one in `model`."),
  },
  inspect: (body) =>
    inspectChoices(body["n"]) ??
    inspectTools(body["tools"], (type) => TOOL_TYPES.has(type)) ??
    inspectContents([body["messages"]], contentRule),
  // Without it most endpoints tell no usage of a stream.
  rewrite: (body) =>
    body["stream"] === true
      ? { ...body, stream_options: { ...asObject(body["stream_options"]), include_usage: true } }
      : body,
  openReader: () => new ChatUsageReader(),
};

function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** A budget is looked at before a call: one call must not be many. */
function inspectChoices(n: unknown): Denied | null {
  if (n === undefined || n === null || n === 1) return null;
  return hosted("`n` asks for several answers at once: call again instead.");
}

function contentRule(block: JsonObject): Denied | null {
  const { type } = block;
  if (isFetched(block)) return remoteContent;
  if (type === undefined && "role" in block) return null;
  return typeof type !== "string" || !PART_TYPES.has(type) ? unknownContent(type) : null;
}

/** Whatever it calls itself: some endpoints go by the fields. */
function isFetched({ image_url: image, file, input_audio: audio }: JsonObject): boolean {
  if (image !== undefined && !isInline(isObject(image) ? image["url"] : image)) return true;
  if (isObject(audio) && isAddress(audio["data"])) return true;
  return isObject(file) && (file["file_id"] !== undefined || isAddress(file["file_data"]));
}

const count = z.number().nonnegative().nullish();
const usageSchema = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  prompt_tokens_details: z.object({ cached_tokens: count, cache_write_tokens: count }).nullish(),
  completion_tokens_details: z.object({ reasoning_tokens: count }).nullish(),
  cost: count,
});
const answerSchema = z.object({
  usage: usageSchema.nullish(),
  error: z
    .object({ code: z.unknown().optional(), type: z.unknown().optional(), message: z.string() })
    .nullish(),
});

class ChatUsageReader implements UsageReader {
  usage: MeteredUsage | null = null;
  failure: UsageReader["failure"] = null;

  read(json: unknown): void {
    const parsed = answerSchema.safeParse(json);
    if (!parsed.success) return;
    const { usage, error } = parsed.data;
    if (error) this.failure = { code: String(error.code ?? error.type), message: error.message };
    if (!usage) return;
    const cacheReadTokens = usage.prompt_tokens_details?.cached_tokens ?? 0;
    const cacheWriteTokens = usage.prompt_tokens_details?.cache_write_tokens ?? 0;
    const reasoningTokens = usage.completion_tokens_details?.reasoning_tokens ?? 0;
    this.usage = {
      inputTokens: Math.max(0, (usage.prompt_tokens ?? 0) - cacheReadTokens - cacheWriteTokens),
      outputTokens: Math.max(0, (usage.completion_tokens ?? 0) - reasoningTokens),
      reasoningTokens,
      cacheReadTokens,
      cacheWriteTokens,
      reportedCostUsd: usage.cost ?? null,
    };
  }
}
