import type { Answer } from "./choose-turn.ts";
import type { ChatRequest } from "./request.ts";

/** Characters per token, roughly, as providers count English text and code. */
const CHARS_PER_TOKEN = 4;

/** What an answer cost. `input` and `output` are totals: the other classes are parts of them. */
export interface SpentTokens {
  readonly input: number;
  readonly cached: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
}

/** The script's figures; what it does not say is a quarter of the characters, or none. */
export function spentTokens(answer: Answer, request: ChatRequest): SpentTokens {
  const said =
    answer.text.length +
    answer.calls.reduce((sum, call) => sum + call.name.length + call.argumentsJson.length, 0);
  const { usage } = answer;
  return {
    input: usage.promptTokens ?? inputTokens(request),
    cached: usage.cachedTokens ?? 0,
    cacheWrite: usage.cacheWriteTokens ?? 0,
    output: usage.completionTokens ?? tokens(said),
    reasoning: usage.reasoningTokens ?? 0,
  };
}

/** Tokens of a request, as it is counted without being answered. */
export function inputTokens(request: ChatRequest): number {
  return tokens(
    JSON.stringify(request.messages).length + JSON.stringify(request.tools ?? []).length,
  );
}

function tokens(chars: number): number {
  return Math.ceil(chars / CHARS_PER_TOKEN);
}
