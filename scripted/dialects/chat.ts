import type { Answer } from "../choose-turn.ts";
import { chatRequestSchema } from "../request.ts";
import { spentTokens } from "../spent-tokens.ts";
import {
  bearerOf,
  readWith,
  wordsOf,
  type AnswerFrame,
  type PacedChunk,
  type ScriptedDialect,
  type Spoken,
} from "./dialect.ts";

/** OpenAI's chat completions. */
export const chatDialect: ScriptedDialect = {
  path: "/v1/chat/completions",
  keyOf: bearerOf,
  read: (value) => readWith(chatRequestSchema, value),
  body: completionBody,
  chunks: completionChunks,
  end: "data: [DONE]\n\n",
  error: ({ message, type, code }) => ({ error: { message, type, param: null, code } }),
};

/** The whole answer as the body of a request that does not stream. */
function completionBody({ answer, frame, request }: Spoken): unknown {
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
    id: `chatcmpl-${frame.id}`,
    object: "chat.completion",
    created: frame.createdSeconds,
    model: frame.model,
    choices: [{ index: 0, message, finish_reason: finishReason(answer) }],
    usage: usageOf({ answer, frame, request }),
  };
}

/** The answer as stream chunks: role, words, tool calls in two pieces each, finish, usage if asked for. */
function* completionChunks({ answer, frame, request }: Spoken): Generator<PacedChunk> {
  yield said(frame, { role: "assistant", content: "" }, answer.pauseMs);
  for (const [index, word] of wordsOf(answer).entries())
    yield said(frame, { content: word }, index === 0 ? 0 : answer.paceMs);
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
    yield structural({ ...chunk(frame, []), usage: usageOf({ answer, frame, request }) });
}

function said(
  frame: AnswerFrame,
  delta: { role?: string; content: string },
  waitMs: number,
): PacedChunk {
  const json = chunk(frame, [{ index: 0, delta, finish_reason: null }]);
  return { json, waitMs, isText: true, chars: delta.content.length };
}

function structural(json: unknown): PacedChunk {
  return { json, waitMs: 0, isText: false, chars: 0 };
}

function chunk(frame: AnswerFrame, choices: readonly unknown[]) {
  return {
    id: `chatcmpl-${frame.id}`,
    object: "chat.completion.chunk",
    created: frame.createdSeconds,
    model: frame.model,
    choices,
  };
}

function finishReason(answer: Answer): "tool_calls" | "stop" {
  return answer.calls.length > 0 ? "tool_calls" : "stop";
}

function usageOf({ answer, request }: Spoken) {
  const { input, cached, cacheWrite, output, reasoning } = spentTokens(answer, request);
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    ...(cached + cacheWrite === 0
      ? {}
      : { prompt_tokens_details: { cached_tokens: cached, cache_write_tokens: cacheWrite } }),
    ...(reasoning === 0 ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
}
