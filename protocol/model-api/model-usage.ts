/** What a model call consumed. Pure. */

/** Tokens by class; no token is counted in two classes. */
export type TokenUsage = {
  inputTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
};

export type MeteredUsage = TokenUsage & { reportedCostUsd: number | null };

/** Parses JSON; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Roughly, of text and code. */
const CHARS_PER_TOKEN = 4;

/** How many tokens so much text comes to, roughly. */
export function tokensOf(chars: number): number {
  return Math.ceil(chars / CHARS_PER_TOKEN);
}
