import { z } from "zod";
import { chatRequestSchema } from "../request.ts";
import { spentTokens } from "../spent-tokens.ts";
import {
  bearerOf,
  readWith,
  wordsOf,
  type PacedChunk,
  type ScriptedDialect,
  type Spoken,
} from "./dialect.ts";

/** OpenAI's responses. */
export const responsesDialect: ScriptedDialect = {
  path: "/v1/responses",
  keyOf: bearerOf,
  read: (value) => {
    const request = readWith(requestSchema, value);
    return typeof request === "string" ? request : readWith(chatRequestSchema, asChat(request));
  },
  body: (spoken) => response(spoken, "completed"),
  chunks: function* (spoken) {
    let sequence = 0;
    for (const { json, ...chunk } of events(spoken))
      yield { ...chunk, event: json.type, json: { ...json, sequence_number: sequence++ } };
  },
  end: "",
  error: ({ message, type, code }) => ({ error: { message, type, param: null, code } }),
};

const partSchema = z.looseObject({ type: z.string(), text: z.string().optional() });
const contentSchema = z.union([z.string(), z.array(partSchema)]);
const itemSchema = z.looseObject({
  type: z.string().default("message"),
  role: z.string().optional(),
  content: contentSchema.nullish(),
  call_id: z.string().optional(),
  name: z.string().optional(),
  namespace: z.string().nullish(),
  arguments: z.string().optional(),
  output: contentSchema.optional(),
});
const requestSchema = z.looseObject({
  model: z.string().min(1),
  instructions: z.string().nullish(),
  input: z.union([z.string(), z.array(itemSchema).min(1)]),
  stream: z.boolean().nullish(),
  tools: z
    .array(
      z.looseObject({
        type: z.string(),
        name: z.string().optional(),
        tools: z.array(z.looseObject({ name: z.string() })).optional(),
      }),
    )
    .nullish(),
});

function asChat({ model, instructions, input, stream, tools }: z.infer<typeof requestSchema>) {
  const items: z.infer<typeof itemSchema>[] =
    typeof input === "string" ? [{ type: "message", role: "user", content: input }] : input;
  return {
    model,
    stream: stream ?? false,
    messages: [
      ...(instructions ? [{ role: "system", content: instructions }] : []),
      ...joinCalls(items.flatMap(asChatMessage)),
    ],
    tools: tools?.flatMap(asChatTools),
  };
}

function asChatTools(
  tool: NonNullable<z.infer<typeof requestSchema>["tools"]>[number],
): { function: { name: string; namespace?: string } }[] {
  const { name, type, tools: within } = tool;
  if (name === undefined) return [];
  if (type !== "namespace") return [{ function: { ...tool, name } }];
  return (within ?? []).map((each) => ({
    function: { ...each, name: fullName(name, each.name), namespace: name },
  }));
}

/** A tool of a namespace has a name of its own in it; a script's short name fits the end of both together. */
function fullName(namespace: string, name: string): string {
  return `${namespace}__${name}`;
}

/** How a call names its tool: by its name, and its namespace where it has one. */
function namedIn(request: Spoken["request"], called: string) {
  const tool = request.tools?.find(({ function: offered }) => offered?.name === called)?.function;
  const namespace = tool?.["namespace"];
  if (typeof namespace !== "string") return { name: called };
  return { name: called.slice(fullName(namespace, "").length), namespace };
}

interface ChatMessage {
  role: string;
  content: string;
  tool_call_id?: string;
  tool_calls?: object[];
}

function asChatMessage(item: z.infer<typeof itemSchema>): ChatMessage[] {
  const { type, role = "user", call_id = "", name = "", arguments: given = "{}" } = item;
  if (type === "message") return [{ role, content: textOf(item.content) }];
  if (type === "function_call") {
    const full = item.namespace ? fullName(item.namespace, name) : name;
    const call = { id: call_id, function: { name: full, arguments: given } };
    return [{ role: "assistant", content: "", tool_calls: [call] }];
  }
  if (type === "function_call_output")
    return [{ role: "tool", tool_call_id: call_id, content: textOf(item.output) }];
  // Thoughts of earlier turns, for instance: nothing that a script could depend on.
  return [];
}

/** One answer is one message of a chat, but several items here: its words and each of its calls. */
function joinCalls(messages: readonly ChatMessage[]): ChatMessage[] {
  const joined: ChatMessage[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    if (last?.role === "assistant" && message.role === "assistant" && message.tool_calls)
      last.tool_calls = [...(last.tool_calls ?? []), ...message.tool_calls];
    else joined.push({ ...message });
  }
  return joined;
}

function textOf(content: z.infer<typeof contentSchema> | null | undefined): string {
  if (typeof content === "string") return content;
  return (content ?? []).flatMap(({ text }) => (text ? [text] : [])).join("\n");
}

type Item = { id: string; type: string; status: string } & Record<string, unknown>;

function itemsOf({ answer, frame, request }: Spoken): Item[] {
  const status = "completed";
  const content = [{ type: "output_text", text: answer.text, annotations: [] }];
  const message = { id: `msg_${frame.id}`, type: "message", status, role: "assistant", content };
  const calls = answer.calls.map((call, index) => ({
    id: `fc_${frame.id}_${index}`,
    type: "function_call",
    status,
    call_id: call.id,
    ...namedIn(request, call.name),
    arguments: call.argumentsJson,
  }));
  return [...(answer.text === "" ? [] : [message]), ...calls];
}

function response(spoken: Spoken, status: "in_progress" | "completed") {
  const { frame, answer, request } = spoken;
  const ended = status === "completed";
  return {
    id: `resp_${frame.id}`,
    object: "response",
    created_at: frame.createdSeconds,
    status,
    error: null,
    incomplete_details: null,
    model: frame.model,
    output: ended ? itemsOf(spoken) : [],
    parallel_tool_calls: true,
    store: false,
    usage: ended ? usageOf(spentTokens(answer, request)) : null,
  };
}

type Event = Omit<PacedChunk, "json"> & { json: { type: string } & Record<string, unknown> };

/** Opening, words as one item, each tool call as one, and the whole once more at the end. */
function* events(spoken: Spoken): Generator<Event> {
  const { answer } = spoken;
  const opening = response(spoken, "in_progress");
  yield event(
    { type: "response.created", response: opening },
    { waitMs: answer.pauseMs, isText: true },
  );
  yield event({ type: "response.in_progress", response: opening }, { isText: true });
  for (const [output_index, item] of itemsOf(spoken).entries()) {
    const place = { item_id: item.id, output_index };
    if (item.type === "message") yield* spokenItem(spoken, item, place);
    else yield* calledItem(item, place);
    yield event({ type: "response.output_item.done", output_index, item });
  }
  yield event({ type: "response.completed", response: response(spoken, "completed") });
}

type Place = { item_id: string; output_index: number };

function* spokenItem({ answer }: Spoken, item: Item, place: Place): Generator<Event> {
  const { output_index } = place;
  const begun = { ...item, status: "in_progress", content: [] };
  yield event({ type: "response.output_item.added", output_index, item: begun }, { isText: true });
  const at = { ...place, content_index: 0 };
  const part = { type: "output_text", text: "", annotations: [] };
  yield event({ type: "response.content_part.added", ...at, part }, { isText: true });
  for (const [index, delta] of wordsOf(answer).entries()) {
    yield event(
      { type: "response.output_text.delta", ...at, delta, logprobs: [] },
      { waitMs: index === 0 ? 0 : answer.paceMs, isText: true, chars: delta.length },
    );
  }
  const { text } = answer;
  yield event({ type: "response.output_text.done", ...at, text, logprobs: [] });
  yield event({ type: "response.content_part.done", ...at, part: { ...part, text } });
}

function* calledItem(item: Item, place: Place): Generator<Event> {
  const { output_index } = place;
  const begun = { ...item, status: "in_progress", arguments: "" };
  yield event({ type: "response.output_item.added", output_index, item: begun });
  const { arguments: given, name } = item;
  yield event({ type: "response.function_call_arguments.delta", ...place, delta: given });
  yield event({ type: "response.function_call_arguments.done", ...place, name, arguments: given });
}

function event(
  json: Event["json"],
  { waitMs = 0, isText = false, chars = 0 }: Partial<PacedChunk> = {},
): Event {
  return { json, waitMs, isText, chars };
}

function usageOf({ input, cached, cacheWrite, output, reasoning }: ReturnType<typeof spentTokens>) {
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached, cache_write_tokens: cacheWrite },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}
