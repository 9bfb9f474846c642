import { z } from "zod";
import type { Answer } from "../choose-turn.ts";
import { chatRequestSchema, type ChatRequest } from "../request.ts";
import { spentTokens } from "../spent-tokens.ts";
import {
  bearerOf,
  readWith,
  wordsOf,
  type PacedChunk,
  type ScriptedDialect,
  type Spoken,
  type SpokenError,
} from "./dialect.ts";

/** Anthropic's messages. */
export const messagesDialect: ScriptedDialect = {
  path: "/v1/messages",
  countPath: "/v1/messages/count_tokens",
  keyOf: (headers) => headers.get("x-api-key") ?? bearerOf(headers),
  read: (value) => {
    const request = readWith(requestSchema, value);
    return typeof request === "string" ? request : readWith(chatRequestSchema, asChat(request));
  },
  body: messageBody,
  chunks: messageChunks,
  end: "",
  error: (error) => ({
    type: "error",
    error: { type: errorType(error), message: error.message },
  }),
};

const blockSchema = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  id: z.string().optional(),
  name: z.string().optional(),
  input: z.unknown().optional(),
  tool_use_id: z.string().optional(),
  content: z.unknown().optional(),
});
const contentSchema = z.union([z.string(), z.array(blockSchema)]);
const requestSchema = z.looseObject({
  model: z.string().min(1),
  system: contentSchema.optional(),
  messages: z.array(z.looseObject({ role: z.string(), content: contentSchema })).min(1),
  stream: z.boolean().default(false),
  tools: z.array(z.looseObject({ name: z.string() })).optional(),
});
type Content = z.infer<typeof contentSchema>;

function asChat({ model, system, messages, stream, tools }: z.infer<typeof requestSchema>) {
  const opening = system === undefined ? [] : [{ role: "system", content: textOf(system) }];
  return {
    model,
    stream,
    messages: [
      ...opening,
      ...messages.flatMap(({ role, content }) => asChatMessages(role, content)),
    ],
    tools: tools?.map((tool) => ({ type: "function", function: tool })),
  };
}

/** Results of tools are messages of their own in a chat. */
function asChatMessages(role: string, content: Content): object[] {
  const blocks = typeof content === "string" ? [] : content;
  const results = blocks
    .filter((block) => block.type === "tool_result")
    .map((block) => ({
      role: "tool",
      tool_call_id: block.tool_use_id ?? "",
      content: textOf(contentSchema.safeParse(block.content).data ?? ""),
    }));
  const calls = blocks
    .filter((block) => block.type === "tool_use")
    .map((block) => ({
      id: block.id ?? "",
      function: { name: block.name ?? "", arguments: JSON.stringify(block.input ?? {}) },
    }));
  const text = textOf(content);
  const own =
    text === "" && results.length > 0
      ? []
      : [{ role, content: text, ...(calls.length > 0 ? { tool_calls: calls } : {}) }];
  return [...results, ...own];
}

function textOf(content: Content): string {
  if (typeof content === "string") return content;
  return content.flatMap(({ type, text }) => (type === "text" && text ? [text] : [])).join("\n");
}

function messageBody({ answer, frame, request }: Spoken): unknown {
  const text = answer.text === "" ? [] : [{ type: "text", text: answer.text }];
  const calls = answer.calls.map((call) => ({
    type: "tool_use",
    id: call.id,
    name: call.name,
    input: inputOf(call.argumentsJson),
  }));
  return {
    ...opening({ answer, frame, request }),
    content: [...text, ...calls],
    stop_reason: stopReason(answer),
    usage: usageOf(answer, request),
  };
}

/** The answer as named events: a block of words, one for each tool call, and the usage at both ends. */
function* messageChunks({ answer, frame, request }: Spoken): Generator<PacedChunk> {
  const usage = { ...usageOf(answer, request), output_tokens: 1, output_tokens_details: null };
  const message = { ...opening({ answer, frame, request }), usage };
  yield event({ type: "message_start", message }, { waitMs: answer.pauseMs, isText: true });
  let index = 0;
  if (answer.text !== "") {
    const block = { type: "text", text: "" };
    yield event({ type: "content_block_start", index, content_block: block }, { isText: true });
    for (const [at, text] of wordsOf(answer).entries()) {
      const delta = { type: "text_delta", text };
      yield event(
        { type: "content_block_delta", index, delta },
        { waitMs: at === 0 ? 0 : answer.paceMs, isText: true, chars: text.length },
      );
    }
    yield event({ type: "content_block_stop", index });
    index++;
  }
  for (const { id, name, argumentsJson } of answer.calls) {
    const block = { type: "tool_use", id, name, input: {} };
    yield event({ type: "content_block_start", index, content_block: block });
    const delta = { type: "input_json_delta", partial_json: argumentsJson };
    yield event({ type: "content_block_delta", index, delta });
    yield event({ type: "content_block_stop", index });
    index++;
  }
  const { output_tokens, output_tokens_details } = usageOf(answer, request);
  yield event({
    type: "message_delta",
    delta: { stop_reason: stopReason(answer), stop_sequence: null },
    usage: { output_tokens, output_tokens_details },
  });
  yield event({ type: "message_stop" });
}

function event(
  json: { type: string } & Record<string, unknown>,
  { waitMs = 0, isText = false, chars = 0 }: Partial<PacedChunk> = {},
): PacedChunk {
  return { event: json.type, json, waitMs, isText, chars };
}

function opening({ frame }: Spoken) {
  const { id, model } = frame;
  const end = { stop_reason: null, stop_sequence: null };
  return { id: `msg_${id}`, type: "message", role: "assistant", model, content: [], ...end };
}

function stopReason(answer: Answer): "tool_use" | "end_turn" {
  return answer.calls.length > 0 ? "tool_use" : "end_turn";
}

function usageOf(answer: Answer, request: ChatRequest) {
  const { input, cached, cacheWrite, output, reasoning } = spentTokens(answer, request);
  return {
    input_tokens: Math.max(0, input - cached - cacheWrite),
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cached,
    output_tokens: output,
    output_tokens_details: reasoning === 0 ? null : { thinking_tokens: reasoning },
  };
}

/** Broken arguments, as a script may ask for, are not JSON: the model meant them as they are. */
function inputOf(argumentsJson: string): unknown {
  try {
    return JSON.parse(argumentsJson);
  } catch (error) {
    if (error instanceof SyntaxError) return argumentsJson;
    throw error;
  }
}

const TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  529: "overloaded_error",
};

function errorType({ status }: SpokenError): string {
  return TYPES[status] ?? "api_error";
}
