import { z } from "zod";
import { isPattern } from "./pattern.ts";

/** Longest pause a script may ask for, in milliseconds: a typing error must not hang a town. */
export const PAUSE_MS_MAX = 600_000;

const pause = z.int().min(0).max(PAUSE_MS_MAX);
const pattern = z
  .string()
  .min(1)
  .refine(isPattern, "must be a glob, or a regular expression written /…/flags");
/** The turn plays normally after this many faults; counted in memory, per conversation. Absent: always. */
const times = z.int().min(1).optional();

export const roleSchema = z.enum(["mayor", "polecat", "refinery", "triage"]);
export type Role = z.infer<typeof roleSchema>;

export const faultSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("http"),
    status: z.int().min(400).max(599),
    retryAfterSeconds: z.int().min(0).max(86_400).optional(),
    times,
  }),
  z.strictObject({ kind: z.literal("slow_first_byte"), delayMs: pause, times }),
  z.strictObject({ kind: z.literal("cut_stream"), afterChars: z.int().min(0).default(20), times }),
  z.strictObject({ kind: z.literal("malformed_json"), times }),
  z.strictObject({ kind: z.literal("silence"), forMs: pause.optional(), times }),
  z.strictObject({ kind: z.literal("no_terminal"), times }),
  z.strictObject({
    kind: z.literal("false_done"),
    summary: z.string().default("Everything is done."),
    times,
  }),
]);
export type Fault = z.infer<typeof faultSchema>;

export const usageSchema = z.strictObject({
  promptTokens: z.int().min(0).optional(),
  /** Of the prompt's: read from a cache, written to one. */
  cachedTokens: z.int().min(0).optional(),
  cacheWriteTokens: z.int().min(0).optional(),
  completionTokens: z.int().min(0).optional(),
  /** Of the completion's: thought, not said. */
  reasoningTokens: z.int().min(0).optional(),
});
export type Usage = z.infer<typeof usageSchema>;

export const toolCallSchema = z.strictObject({
  name: z.string().min(1),
  arguments: z.record(z.string(), z.json()).default({}),
});
export type ScriptedToolCall = z.infer<typeof toolCallSchema>;

export const turnSchema = z.strictObject({
  text: z.string().optional(),
  tools: z.array(toolCallSchema).max(16).optional(),
  pauseMs: pause.optional(),
  paceMs: z.int().min(0).max(10_000).optional(),
  usage: usageSchema.optional(),
  fault: faultSchema.optional(),
});
export type Turn = z.infer<typeof turnSchema>;

export const entrySchema = z.strictObject({
  role: roleSchema,
  title: pattern.optional(),
  attempt: z.int().min(1).optional(),
  round: z.int().min(1).optional(),
  says: pattern.optional(),
  turns: z.array(turnSchema).min(1),
});
export type Entry = z.infer<typeof entrySchema>;

const defaultsSchema = z.strictObject({
  pauseMs: pause.default(0),
  paceMs: z.int().min(0).max(10_000).default(0),
  usage: usageSchema.default({}),
  afterLast: z.string().default("There is nothing more in my script for this conversation."),
  plain: z.string().default("OK from the scripted model"),
});

/** What the scripted model plays. README.md in this folder explains each field. */
export const scriptSchema = z.strictObject({
  name: z.string().min(1).max(100),
  defaults: defaultsSchema.prefault({}),
  entries: z.array(entrySchema).min(1),
});
export type Script = z.infer<typeof scriptSchema>;
/** A script as one writes it: what has a default may be left out. */
export type ScriptInput = z.input<typeof scriptSchema>;

export type ScriptRead =
  | { ok: true; script: Script }
  | { ok: false; error: { code: "bad_script"; message: string; retryable: false } };

/** Reads a script from JSON text; what is wrong is answered with the place it is in. */
export function parseScript(json: string): ScriptRead {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return badScript(`The script is not JSON: ${error.message}. Correct the file and start again.`);
  }
  const parsed = scriptSchema.safeParse(value);
  if (parsed.success) return { ok: true, script: parsed.data };
  const issue = parsed.error.issues[0];
  const place = issue && issue.path.length > 0 ? issue.path.join(".") : "the top level";
  return badScript(
    `The script is wrong at ${place}: ${issue?.message ?? "not a script"}. See scripted/README.md for its fields.`,
  );
}

function badScript(message: string): ScriptRead {
  return { ok: false, error: { code: "bad_script", message, retryable: false } };
}
