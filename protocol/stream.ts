/** Agent events: the stream of one run, resumable by sequence, kept in events.db. */
import { z } from "zod";
import { EVENT_TEXT_CHARS_MAX } from "./limits.ts";
import { runIdSchema, turnIdSchema } from "./ids.ts";
import { timestampSchema } from "./time.ts";

const text = z.string().max(EVENT_TEXT_CHARS_MAX);

/** `text` and `tool` events are upserts by `partId`: each carries the whole part so far. */
export const agentEventBodySchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("phase"), phase: z.string().max(60), text }),
  z.object({ kind: z.literal("prompt"), from: z.enum(["person", "machine"]), text }),
  z.object({ kind: z.literal("text"), partId: z.string().max(80), text, done: z.boolean() }),
  z.object({
    kind: z.literal("tool"),
    partId: z.string().max(80),
    tool: z.string().max(80),
    state: z.enum(["running", "completed", "failed"]),
    arguments: text,
    result: text.nullable(),
    durationMs: z.number().int().nonnegative().nullable(),
  }),
  z.object({
    kind: z.literal("gate"),
    partId: z.string().max(80),
    name: z.string().max(60),
    state: z.enum(["running", "green", "red"]),
    log: text,
    durationMs: z.number().int().nonnegative().nullable(),
  }),
  z.object({ kind: z.literal("status"), text: z.string().max(200) }),
  z.object({
    kind: z.literal("usage"),
    model: z.string().max(200),
    inputTokens: z.number().int(),
    outputTokens: z.number().int(),
    costUsd: z.number().nullable(),
  }),
  z.object({ kind: z.literal("notice"), level: z.enum(["normal", "warning", "error"]), text }),
]);
export type AgentEventBody = z.infer<typeof agentEventBodySchema>;

/** An event with its place in the run's stream. `seq` rises from 1 without gaps, save for shed ones. */
export const agentEventSchema = z.object({
  seq: z.number().int().positive(),
  at: timestampSchema,
  turnId: turnIdSchema.nullable(),
  body: agentEventBodySchema,
});
export type AgentEvent = z.infer<typeof agentEventSchema>;

export const streamNameSchema = z.string().regex(/^run:rn_[0-9a-z]{26}$/, "must be run:<run id>");
export const streamOpenSchema = z.strictObject({
  stream: streamNameSchema,
  since: z.number().int().nonnegative().default(0),
});
export const streamFrameSchema = z.object({
  stream: streamNameSchema,
  runId: runIdSchema,
  events: z.array(agentEventSchema),
});
export type StreamFrame = z.infer<typeof streamFrameSchema>;
