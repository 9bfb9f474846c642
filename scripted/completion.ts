import type { Answer } from "./choose-turn.ts";
import type { ChatRequest } from "./request.ts";

/** Characters per token, roughly, as providers count English text and code. */
const CHARS_PER_TOKEN = 4;
const WORDS = /\s*\S+\s*/g;

/** One event of a stream and how long to wait before it, in milliseconds. */
export interface PacedChunk {
  readonly json: unknown;
  readonly waitMs: number;
  /** Words or the opening, which a broken answer may still have said; tool calls and the end are not. */
  readonly isText: boolean;
  readonly chars: number;
}

export interface CompletionFrame {
  readonly id: string;
  readonly model: string;
  readonly createdSeconds: number;
}

/** The whole answer as the body of a request that does not stream. */
export function completionBody(
  answer: Answer,
  frame: CompletionFrame,
  request: ChatRequest,
): unknown {
  const calls = answer.calls.map((call) => ({
    id: call.id,
    type: "function",
    function: { name: call.name, arguments: call.argumentsJson },
  }));
  const message = {
    role: "assistant",
    content: answer.text === "" ? null : answer.text,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
  return {
    id: frame.id,
    object: "chat.completion",
    created: frame.createdSeconds,
    model: frame.model,
    choices: [{ index: 0, message, finish_reason: finishReason(answer) }],
    usage: usageOf(answer, request),
  };
}

/** The answer as stream chunks: role, words, tool calls in two pieces each, finish, usage if asked for. */
export function* completionChunks(
  answer: Answer,
  frame: CompletionFrame,
  request: ChatRequest,
): Generator<PacedChunk> {
  yield spoken(frame, { role: "assistant", content: "" }, answer.pauseMs);
  const words = answer.text.match(WORDS) ?? [];
  for (const [index, word] of words.entries())
    yield spoken(frame, { content: word }, index === 0 ? 0 : answer.paceMs);
  for (const [index, call] of answer.calls.entries()) {
    const opening = {
      index,
      id: call.id,
      type: "function",
      function: { name: call.name, arguments: "" },
    };
    yield structural(
      chunk(frame, [{ index: 0, delta: { tool_calls: [opening] }, finish_reason: null }]),
    );
    const rest = { index, function: { arguments: call.argumentsJson } };
    yield structural(
      chunk(frame, [{ index: 0, delta: { tool_calls: [rest] }, finish_reason: null }]),
    );
  }
  yield structural(chunk(frame, [{ index: 0, delta: {}, finish_reason: finishReason(answer) }]));
  if (request.stream_options?.include_usage === true)
    yield structural({ ...chunk(frame, []), usage: usageOf(answer, request) });
}

function spoken(
  frame: CompletionFrame,
  delta: { role?: string; content: string },
  waitMs: number,
): PacedChunk {
  const json = chunk(frame, [{ index: 0, delta, finish_reason: null }]);
  return { json, waitMs, isText: true, chars: delta.content.length };
}

function structural(json: unknown): PacedChunk {
  return { json, waitMs: 0, isText: false, chars: 0 };
}

function chunk(frame: CompletionFrame, choices: readonly unknown[]) {
  return {
    id: frame.id,
    object: "chat.completion.chunk",
    created: frame.createdSeconds,
    model: frame.model,
    choices,
  };
}

function finishReason(answer: Answer): "tool_calls" | "stop" {
  return answer.calls.length > 0 ? "tool_calls" : "stop";
}

function usageOf(answer: Answer, request: ChatRequest) {
  const said =
    answer.text.length +
    answer.calls.reduce((sum, call) => sum + call.name.length + call.argumentsJson.length, 0);
  const prompt =
    answer.usage.promptTokens ??
    tokens(JSON.stringify(request.messages).length + JSON.stringify(request.tools ?? []).length);
  const completion = answer.usage.completionTokens ?? tokens(said);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
  };
}

function tokens(chars: number): number {
  return Math.ceil(chars / CHARS_PER_TOKEN);
}
