/** OpenAI's responses. Nothing is stored at the endpoint: a request carries its whole conversation. */
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
  remoteContent,
  stored,
  unknownContent,
} from "./request-check.ts";

const FIELDS = new Set([
  ...["model", "input", "instructions", "stream", "stream_options", "tools", "tool_choice"],
  ...["parallel_tool_calls", "max_tool_calls", "max_output_tokens", "temperature", "top_p"],
  ...["top_logprobs", "reasoning", "text", "include", "truncation", "user", "metadata"],
  ...["safety_identifier", "prompt_cache_key", "prompt_cache_retention", "service_tier"],
  "client_metadata",
]);

const TOOL_TYPES = new Set(["function", "custom", "namespace", "local_shell", "apply_patch"]);
const ITEM_TYPES = new Set([
  ...["message", "reasoning", "function_call", "function_call_output"],
  ...["custom_tool_call", "custom_tool_call_output", "local_shell_call", "local_shell_call_output"],
  ...["apply_patch_call", "apply_patch_call_output"],
]);
const PART_TYPES = new Set([
  ...["input_text", "output_text", "text", "refusal", "summary_text", "reasoning_text"],
  ...["input_image", "input_file"],
]);

const WHOLE = "send the whole conversation in `input`, with `store` false.";

export const responsesDialect: Dialect = {
  ...openAi,
  name: "responses",
  conversation: "input",
  endpoints: [{ path: "/responses", fields: FIELDS, metered: true }],
  refused: {
    store: stored(`\`store\` keeps answers at the endpoint: ${WHOLE}`),
    previous_response_id: stored(`\`previous_response_id\` needs stored answers: ${WHOLE}`),
    conversation: stored(`\`conversation\` is kept at the endpoint: ${WHOLE}`),
    prompt: stored("`prompt` names a stored template: send `instructions` and `input`."),
    background: hosted("`background` goes on without the gateway: ask with `stream`."),
    context_management: hosted("`context_management` calls the model by itself: leave it out."),
  },
  inspect: (body) =>
    inspectTools(body["tools"], (type) => TOOL_TYPES.has(type)) ??
    inspectContents([body["input"]], contentRule),
  // The endpoint's own default is to store; what an agent tells of its host stays here.
  rewrite: ({ client_metadata: _, ...body }) => ({ ...body, store: false }),
  openReader: () => new ResponsesUsageReader(),
};

function contentRule(block: JsonObject): Denied | null {
  const { type, image_url: image } = block;
  if (isSet(block["file_id"]) || isSet(block["file_url"]) || isAddress(block["file_data"]))
    return remoteContent;
  if (isSet(image) && !isInline(image)) return remoteContent;
  if (type === undefined && "role" in block) return null;
  if (type === "item_reference")
    return stored(`An \`item_reference\` needs stored answers: ${WHOLE}`);
  if (typeof type !== "string" || !(ITEM_TYPES.has(type) || PART_TYPES.has(type)))
    return unknownContent(type);
  return type === "input_image" && !isSet(image) ? remoteContent : null;
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

const count = z.number().nonnegative().nullish();
const errorSchema = z.object({ code: z.string().nullish(), message: z.string() });
const answerSchema = z.object({
  error: errorSchema.nullish(),
  usage: z
    .object({
      input_tokens: count,
      output_tokens: count,
      input_tokens_details: z.object({ cached_tokens: count, cache_write_tokens: count }).nullish(),
      output_tokens_details: z.object({ reasoning_tokens: count }).nullish(),
      cost: count,
    })
    .nullish(),
});
const eventSchema = z.union([
  z.object({ type: z.string(), response: answerSchema }),
  // An error without an answer around it.
  z.object({ type: z.literal("error"), code: z.string().nullish(), message: z.string() }),
  answerSchema,
]);

class ResponsesUsageReader implements UsageReader {
  usage: MeteredUsage | null = null;
  failure: UsageReader["failure"] = null;

  read(json: unknown): void {
    const parsed = eventSchema.safeParse(json);
    if (!parsed.success) return;
    if ("message" in parsed.data) return this.#fail(parsed.data);
    const { usage, error } = "response" in parsed.data ? parsed.data.response : parsed.data;
    if (error) this.#fail(error);
    if (!usage) return;
    const cacheReadTokens = usage.input_tokens_details?.cached_tokens ?? 0;
    const cacheWriteTokens = usage.input_tokens_details?.cache_write_tokens ?? 0;
    const reasoningTokens = usage.output_tokens_details?.reasoning_tokens ?? 0;
    this.usage = {
      inputTokens: Math.max(0, (usage.input_tokens ?? 0) - cacheReadTokens - cacheWriteTokens),
      outputTokens: Math.max(0, (usage.output_tokens ?? 0) - reasoningTokens),
      reasoningTokens,
      cacheReadTokens,
      cacheWriteTokens,
      reportedCostUsd: usage.cost ?? null,
    };
  }

  #fail({ code, message }: { code?: string | null | undefined; message: string }): void {
    this.failure = { code: code ?? "", message };
  }
}
