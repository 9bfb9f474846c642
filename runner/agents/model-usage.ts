/** What a model call consumed, and what that costs. Pure. */

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

export type MeteredUsage = TokenUsage & { reportedCostUsd: number | null };

/** Cost by price table; reasoning is paid as output, an unpriced cache class as input. */
export function costUsd(usage: TokenUsage, price: ModelPrice): number {
  const perMillion =
    usage.inputTokens * price.input +
    (usage.outputTokens + usage.reasoningTokens) * price.output +
    usage.cacheReadTokens * (price.cacheRead ?? price.input) +
    usage.cacheWriteTokens * (price.cacheWrite ?? price.input);
  return perMillion / 1_000_000;
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
