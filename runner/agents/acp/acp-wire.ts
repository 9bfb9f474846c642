/** What an agent says over the Agent Client Protocol, as far as it is used. It runs untrusted code, so all is parsed. */
import { z } from "zod";
import { parseJson } from "../../../protocol/model-api/model-usage.ts";

const TEXT_CHARS_MAX = 4 * 1024 * 1024;
/** A longer line is left out: it comes in pieces that are no JSON. */
export const MESSAGE_CHARS_MAX = 2 * TEXT_CHARS_MAX;
const text = z.string().max(TEXT_CHARS_MAX);
const id = z.string().max(200);

const content = z.object({ type: z.string(), text: text.optional() });
const chunk = { messageId: id.nullish(), content };
const toolContent = z.object({ type: z.string(), content: content.optional().catch(undefined) });
const toolKind = z.string().max(60).nullish();
const call = {
  toolCallId: id,
  title: text.nullish(),
  name: text.nullish(),
  kind: toolKind,
  status: z.enum(["pending", "in_progress", "completed", "failed"]).nullish().catch(null),
  content: z.array(toolContent).nullish().catch(null),
  rawInput: z.unknown().optional(),
  rawOutput: z.unknown().optional(),
  // What an agent's own terminal printed since, where it tells that so.
  _meta: z
    .object({ terminal_output_delta: z.object({ data: text }).optional().catch(undefined) })
    .nullish()
    .catch(null),
};

const updateSchema = z.discriminatedUnion("sessionUpdate", [
  z.object({ sessionUpdate: z.literal("agent_message_chunk"), ...chunk }),
  z.object({ sessionUpdate: z.literal("agent_thought_chunk"), ...chunk }),
  z.object({ sessionUpdate: z.literal("tool_call"), ...call }),
  z.object({ sessionUpdate: z.literal("tool_call_update"), ...call }),
  z.object({
    sessionUpdate: z.literal("usage_update"),
    used: z.number().nonnegative(),
    size: z.number().nonnegative(),
  }),
]);
export type AcpUpdate = z.infer<typeof updateSchema>;

export const permissionSchema = z.object({
  toolCall: z.object({ title: text.nullish(), kind: toolKind }),
  options: z.array(z.object({ optionId: id, kind: z.string().max(60) })).max(50),
});
export type AcpPermission = z.infer<typeof permissionSchema>;

export const greetingSchema = z.object({
  protocolVersion: z.number(),
  agentCapabilities: z
    .object({
      mcpCapabilities: z.object({ http: z.boolean().default(false) }).optional(),
      sessionCapabilities: z
        .object({
          systemPrompt: z
            .object({ mode: z.object({ override: z.looseObject({}).nullish() }).nullish() })
            .nullish(),
        })
        .nullish(),
    })
    .optional(),
});
export const sessionSchema = z.object({ sessionId: id });
export const turnEndSchema = z.object({ stopReason: z.string().max(60) });

const rpcId = z.union([z.string().max(200), z.number()]);
const lineSchema = z.looseObject({
  jsonrpc: z.literal("2.0"),
  id: rpcId.optional(),
  method: z.string().max(200).optional(),
  params: z.unknown().optional(),
});
const notificationSchema = z.object({ sessionId: id, update: z.unknown().optional() });

export type AcpLine =
  | { kind: "update"; sessionId: string; update: AcpUpdate }
  | { kind: "request" | "answer"; id: string | number; message: Record<string, unknown> };

/** Null for what is of no use: no message, or a notification that is not read. */
export function readLine(line: string): AcpLine | null {
  const parsed = lineSchema.safeParse(parseJson(line));
  if (!parsed.success) return null;
  const { id: messageId, method, params } = parsed.data;
  if (messageId !== undefined) {
    const kind = method === undefined ? "answer" : "request";
    return { kind, id: messageId, message: parsed.data };
  }
  if (method !== "session/update") return null;
  const told = notificationSchema.safeParse(params);
  const update = updateSchema.safeParse(told.data?.update);
  if (!told.success || !update.success) return null;
  return { kind: "update", sessionId: told.data.sessionId, update: update.data };
}
