/** Beads that ask for somebody: escalations. */
import { z } from "zod";
import { beadCommon } from "./bead.ts";
import { timestampSchema } from "./time.ts";

export const severitySchema = z.enum(["low", "medium", "high", "critical"]);
export type Severity = z.infer<typeof severitySchema>;

export const escalationStateSchema = z.enum(["open", "acknowledged", "resolved"]);
export type EscalationState = z.infer<typeof escalationStateSchema>;

/** Who is asked to look: a person sees it at once, the Mayor with the next turn. */
export const escalationTargetSchema = z.enum(["person", "mayor"]);
export type EscalationTarget = z.infer<typeof escalationTargetSchema>;

export const escalationSchema = z.object({
  ...beadCommon,
  type: z.literal("escalation"),
  body: z.string(),
  state: escalationStateSchema,
  severity: severitySchema,
  target: escalationTargetSchema,
  /** The rule that raised it, or `run:ID`. */
  source: z.string(),
  subjectId: z.string().nullable(),
  /** How often the same matter was raised while this was open. */
  times: z.number().int(),
  reminders: z.number().int(),
  /** When somebody is reminded next; null when it is resolved. */
  remindAt: timestampSchema.nullable(),
  acknowledgedAt: timestampSchema.nullable(),
  resolvedAt: timestampSchema.nullable(),
  /** Why it is over. */
  resolution: z.string().nullable(),
});
export type Escalation = z.infer<typeof escalationSchema>;
