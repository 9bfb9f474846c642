/** Reads what a model call consumed out of OpenAI-shaped answers. Pure. */
import { z } from "zod";

/** Tokens by class; no token is counted in two classes. */
export type TokenUsage = {
  inputTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
};

/** US dollars per million tokens. */
export type ModelPrice = { input: number; output: number; cacheRead?: number; cacheWrite?: number };

const count = z.number().nonnegative().nullish();
const usageSchema = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  prompt_tokens_details: z.object({ cached_tokens: count, cache_write_tokens: count }).nullish(),
  completion_tokens_details: z.object({ reasoning_tokens: count }).nullish(),
  cost: count,
});
const answerSchema = z.object({ usage: usageSchema.nullish() });

export type MeteredUsage = TokenUsage & { reportedCostUsd: number | null };

/** Usage in one JSON answer or stream chunk, or null when it has none. */
export function readUsage(answer: unknown): MeteredUsage | null {
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success || parsed.data.usage === null || parsed.data.usage === undefined) return null;
  const usage = parsed.data.usage;
  const cacheReadTokens = usage.prompt_tokens_details?.cached_tokens ?? 0;
  const cacheWriteTokens = usage.prompt_tokens_details?.cache_write_tokens ?? 0;
  const reasoningTokens = usage.completion_tokens_details?.reasoning_tokens ?? 0;
  return {
    inputTokens: Math.max(0, (usage.prompt_tokens ?? 0) - cacheReadTokens - cacheWriteTokens),
    outputTokens: Math.max(0, (usage.completion_tokens ?? 0) - reasoningTokens),
    reasoningTokens,
    cacheReadTokens,
    cacheWriteTokens,
    reportedCostUsd: usage.cost ?? null,
  };
}

/** Cost by price table; reasoning is paid as output, an unpriced cache class as input. */
export function costUsd(usage: TokenUsage, price: ModelPrice): number {
  const perMillion =
    usage.inputTokens * price.input +
    (usage.outputTokens + usage.reasoningTokens) * price.output +
    usage.cacheReadTokens * (price.cacheRead ?? price.input) +
    usage.cacheWriteTokens * (price.cacheWrite ?? price.input);
  return perMillion / 1_000_000;
}

const LINE_CHARS_MAX = 1_000_000;

/** Watches a stream of server-sent events go by and remembers the last usage seen. */
export class StreamMeter {
  usage: MeteredUsage | null = null;
  #decoder = new TextDecoder();
  #rest = "";

  watch(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split("\n");
    const rest = lines.pop() ?? "";
    // A line without end is not worth memory: its usage is lost, the bytes still pass.
    this.#rest = rest.length > LINE_CHARS_MAX ? "" : rest;
    for (const line of lines) this.#read(line);
  }

  #read(line: string): void {
    if (!line.startsWith("data:") || !line.includes('"usage"')) return;
    this.usage = readUsage(parseJson(line.slice("data:".length))) ?? this.usage;
  }
}

/** Parses JSON; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
