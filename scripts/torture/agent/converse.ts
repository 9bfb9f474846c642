// One turn of the scripted agent: it asks and does until the model has nothing more to be done.
import type { SessionUpdate } from "@agentclientprotocol/sdk";
import { z } from "zod";
import type { AgentTool } from "./tools.ts";

const answerSchema = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({
          role: z.literal("assistant"),
          content: z.string().nullish(),
          tool_calls: z
            .array(
              z.object({
                id: z.string(),
                type: z.literal("function"),
                function: z.object({ name: z.string(), arguments: z.string() }),
              }),
            )
            .optional(),
        }),
      }),
    )
    .min(1),
});
type Call = NonNullable<
  z.infer<typeof answerSchema>["choices"][number]["message"]["tool_calls"]
>[number];

/** Asked once more: an endpoint that is busy, or a town that starts. */
const TRIES_MAX = 5;
const TRY_AGAIN_MS = 1_000;

/** Appends to `messages`. Throws when the model refuses, or `signal` is aborted. */
export async function converse(
  endpoint: { baseURL: string; apiKey: string; model: string },
  { messages, tools }: { messages: unknown[]; tools: readonly AgentTool[] },
  tell: (update: SessionUpdate) => void,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const message = await ask(endpoint, messages, tools, signal);
    messages.push(message);
    if (message.content)
      tell({
        sessionUpdate: "agent_message_chunk",
        content: { type: "text", text: message.content },
      });
    if (message.tool_calls === undefined || message.tool_calls.length === 0) return;
    for (const call of message.tool_calls) {
      const { ok, text } = await use(tools, call, tell, signal);
      messages.push({
        role: "tool",
        tool_call_id: call.id,
        content: ok ? text : `Error: ${text}`,
      });
    }
  }
}

async function ask(
  { baseURL, apiKey, model }: { baseURL: string; apiKey: string; model: string },
  messages: readonly unknown[],
  tools: readonly AgentTool[],
  signal: AbortSignal,
) {
  const body = JSON.stringify({
    model,
    messages,
    tools: tools.map(({ name, description, parameters }) => ({
      type: "function",
      function: { name, description, parameters },
    })),
  });
  for (let tries = 1; ; tries++) {
    const answer = await fetch(`${baseURL}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${apiKey}` },
      body,
      signal,
    });
    const [choice] = answer.ok ? answerSchema.parse(await answer.json()).choices : [];
    if (choice !== undefined) return choice.message;
    const said = (await answer.text()).slice(0, 500);
    if (answer.status < 429 || tries >= TRIES_MAX) throw new Error(`${answer.status}: ${said}`);
    await Bun.sleep(TRY_AGAIN_MS);
  }
}

async function use(
  tools: readonly AgentTool[],
  { id, function: { name, arguments: given } }: Call,
  tell: (update: SessionUpdate) => void,
  signal: AbortSignal,
): Promise<{ ok: boolean; text: string }> {
  const tool = tools.find((each) => each.name === name);
  if (tool === undefined) return { ok: false, text: `there is no tool ${name}` };
  const rawInput = JSON.parse(given) as Record<string, unknown>;
  tell({
    sessionUpdate: "tool_call",
    toolCallId: id,
    title: name,
    status: "in_progress",
    rawInput,
  });
  const result = await tool.call(rawInput, signal);
  tell({
    sessionUpdate: "tool_call_update",
    toolCallId: id,
    status: result.ok ? "completed" : "failed",
    content: [{ type: "content", content: { type: "text", text: result.text } }],
  });
  return result;
}
