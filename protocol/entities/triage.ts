/** Requests of triage: ambiguous calls for help that a triage agent is asked about. */
import { z } from "zod";
import { beadCommon } from "../bead.ts";
import { beadIdSchema, runIdSchema } from "../ids.ts";
import { timestampSchema } from "../time.ts";

export const triageStateSchema = z.enum(["open", "decided", "withdrawn", "expired"]);
export type TriageState = z.infer<typeof triageStateSchema>;

/** All that triage may do. None of them closes, deletes, fails or merges anything. */
export const triageActionSchema = z.enum(["retry", "guide", "hold", "escalate"]);
export type TriageAction = z.infer<typeof triageActionSchema>;

export const triageRequestSchema = z.object({
  ...beadCommon,
  type: z.literal("triage_request"),
  body: z.string(),
  state: triageStateSchema,
  /** What was raised. It stays open to people all the time. */
  escalationId: beadIdSchema,
  /** The issue bead that it is about. */
  beadId: beadIdSchema,
  /** The run that has it now, or decided it. */
  runId: runIdSchema.nullable(),
  /** Runs that ended without deciding it. */
  tries: z.number().int(),
  action: triageActionSchema.nullable(),
  note: z.string().nullable(),
  decidedAt: timestampSchema.nullable(),
});
export type TriageRequest = z.infer<typeof triageRequestSchema>;
