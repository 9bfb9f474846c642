/** What kilo's server says, as far as it is used. It runs beside untrusted code, so every answer is parsed. */
import { z } from "zod";

const TEXT_CHARS_MAX = 4 * 1024 * 1024;
const text = z.string().max(TEXT_CHARS_MAX);
const id = z.string().max(200);
const count = z.number().nonnegative().catch(0);

const tokens = z.object({
  input: count,
  output: count,
  reasoning: count,
  cache: z.object({ read: count, write: count }),
});

const toolState = z.discriminatedUnion("status", [
  z.object({ status: z.literal("pending") }),
  z.object({ status: z.literal("running"), input: z.record(z.string(), z.unknown()) }),
  z.object({
    status: z.literal("completed"),
    input: z.record(z.string(), z.unknown()),
    output: text,
    time: z.object({ start: z.number(), end: z.number() }),
  }),
  z.object({
    status: z.literal("error"),
    input: z.record(z.string(), z.unknown()),
    error: text,
    time: z.object({ start: z.number(), end: z.number() }),
  }),
]);

const textTime = z.object({ end: z.number().optional() }).optional();
const partBase = { id, sessionID: id, messageID: id };
const knownPart = z.discriminatedUnion("type", [
  z.object({
    ...partBase,
    type: z.literal("text"),
    text,
    synthetic: z.boolean().optional(),
    ignored: z.boolean().optional(),
    time: textTime,
  }),
  z.object({ ...partBase, type: z.literal("reasoning"), text, time: textTime }),
  z.object({ ...partBase, type: z.literal("tool"), callID: id, tool: id, state: toolState }),
  z.object({ ...partBase, type: z.literal("step-finish"), cost: count, tokens }),
]);
/** Parts of other kinds carry nothing the town shows. */
const otherPart = z
  .object({ ...partBase, type: z.string() })
  .transform((part) => ({ ...part, type: "other" as const }));
export const partSchema = z.union([knownPart, otherPart]);
export type KiloPart = z.infer<typeof partSchema>;

export const errorSchema = z.object({
  name: z.string().max(200),
  data: z
    .object({
      message: text.optional(),
      statusCode: z.number().optional(),
      responseBody: text.optional(),
      responseHeaders: z.record(z.string(), z.string()).optional(),
    })
    .default({}),
});
export type KiloError = z.infer<typeof errorSchema>;

export const messageInfoSchema = z.object({
  id,
  sessionID: id,
  role: z.enum(["user", "assistant"]),
  parentID: id.optional(),
  time: z.object({ created: z.number(), completed: z.number().optional() }),
  error: errorSchema.optional(),
});
export const messagesSchema = z.array(
  z.object({ info: messageInfoSchema, parts: z.array(partSchema) }),
);
export type KiloMessages = z.infer<typeof messagesSchema>;

export const statusSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("idle") }),
  z.object({ type: z.literal("busy") }),
  z.object({ type: z.literal("retry"), attempt: z.number(), message: text, next: z.number() }),
  z.object({ type: z.literal("offline"), requestID: id, message: text }),
]);
export type KiloStatus = z.infer<typeof statusSchema>;
export const statusesSchema = z.record(z.string(), statusSchema);

const turnEnd = z.enum(["completed", "error", "interrupted", "superseded"]);
const asked = z.object({ id, sessionID: id });

export const eventSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("session.turn.open"), properties: z.object({ sessionID: id }) }),
  z.object({
    type: z.literal("session.turn.close"),
    properties: z.object({ sessionID: id, reason: turnEnd }),
  }),
  z.object({ type: z.literal("session.compacted"), properties: z.object({ sessionID: id }) }),
  z.object({
    type: z.literal("session.status"),
    properties: z.object({ sessionID: id, status: statusSchema }),
  }),
  z.object({
    type: z.literal("session.error"),
    properties: z.object({ sessionID: id.optional(), error: errorSchema.optional() }),
  }),
  z.object({
    type: z.literal("session.network.asked"),
    properties: asked.extend({ message: text }),
  }),
  z.object({
    type: z.literal("message.updated"),
    properties: z.object({ sessionID: id, info: messageInfoSchema }),
  }),
  z.object({
    type: z.literal("message.part.updated"),
    properties: z.object({ sessionID: id, part: partSchema }),
  }),
  z.object({
    type: z.literal("message.part.delta"),
    properties: z.object({
      sessionID: id,
      messageID: id,
      partID: id,
      field: z.string(),
      delta: text,
    }),
  }),
  z.object({ type: z.literal("permission.asked"), properties: asked.extend({ permission: text }) }),
  z.object({ type: z.literal("question.asked"), properties: asked }),
]);
export type KiloEvent = z.infer<typeof eventSchema>;

export const toolServersSchema = z.record(
  z.string(),
  z.object({ status: z.string(), error: z.string().optional() }),
);
export const toolIdsSchema = z.array(z.string().max(200)).max(1_000);
export const healthSchema = z.object({ version: z.string().max(60) });
export const sessionSchema = z.object({ id });
