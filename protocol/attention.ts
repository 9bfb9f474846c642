/** Beads that ask for somebody: escalations and questions. */
import { z } from "zod";
import { beadCommon } from "./bead.ts";
import { triageActionSchema, triageStateSchema } from "./entities/triage.ts";
import { answerIdSchema, beadIdSchema, rigIdSchema, runIdSchema } from "./ids.ts";
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
  /** The request of triage that was made of it, and what triage decided. */
  triage: z
    .object({
      id: beadIdSchema,
      state: triageStateSchema,
      /** A triage run has it now. */
      isTaken: z.boolean(),
      action: triageActionSchema.nullable(),
      note: z.string().nullable(),
    })
    .nullable(),
});
export type Escalation = z.infer<typeof escalationSchema>;

export const questionStateSchema = z.enum(["open", "answered", "withdrawn"]);
export type QuestionState = z.infer<typeof questionStateSchema>;

/** A permission has two answers, allow and deny, and is denied when nobody says otherwise. */
export const questionKindSchema = z.enum(["question", "permission"]);
export type QuestionKind = z.infer<typeof questionKindSchema>;

/** Who answered: an earlier answer of the rig, a person, or nobody in time. */
export const answeredBySchema = z.enum(["policy", "person", "default"]);
export type AnsweredBy = z.infer<typeof answeredBySchema>;

export const questionSchema = z.object({
  ...beadCommon,
  type: z.literal("question"),
  body: z.string(),
  kind: questionKindSchema,
  state: questionStateSchema,
  /** The bead that it is asked about, and the run that asks. */
  beadId: beadIdSchema,
  runId: runIdSchema,
  options: z.array(z.string()),
  recommendation: z.string().nullable(),
  /** Whether what follows from a wrong answer can be undone. */
  revertible: z.boolean(),
  /** The bead waits for the answer: no run of it is started before. */
  blocking: z.boolean(),
  /** What counts when nobody has answered by then. */
  fallback: z.string(),
  deadlineAt: timestampSchema,
  answer: z.string().nullable(),
  answeredBy: answeredBySchema.nullable(),
  answeredAt: timestampSchema.nullable(),
});
export type Question = z.infer<typeof questionSchema>;

/** An answer that a rig keeps: the same question is answered with it at once. */
export const rigAnswerSchema = z.object({
  id: answerIdSchema,
  rigId: rigIdSchema,
  question: z.string(),
  options: z.array(z.string()),
  answer: z.string(),
  questionId: beadIdSchema,
  uses: z.number().int(),
  createdBy: z.string(),
  createdAt: timestampSchema,
});
export type RigAnswer = z.infer<typeof rigAnswerSchema>;

export const mailStateSchema = z.enum(["queued", "delivered", "seen", "expired"]);
export type MailState = z.infer<typeof mailStateSchema>;

/**
 * `queue`: with the next prompt that comes anyway. `wait_idle`: as a prompt, when the agent's turn is over. `immediate`: as
 * a prompt, and the turn that runs is interrupted for it.
 */
export const mailModeSchema = z.enum(["queue", "wait_idle", "immediate"]);
export type MailMode = z.infer<typeof mailModeSchema>;

/** A message to whoever works on a bead, or to an agent. Reading does not take it away. */
export const mailSchema = z.object({
  ...beadCommon,
  type: z.literal("mail"),
  body: z.string(),
  state: mailStateSchema,
  mode: mailModeSchema,
  /** Who speaks, in words: a person, the Mayor, the town. */
  from: z.string(),
  /** An issue bead or an agent. */
  toId: beadIdSchema,
  /** The run that has it. */
  runId: runIdSchema.nullable(),
  expiresAt: timestampSchema,
  deliveredAt: timestampSchema.nullable(),
  seenAt: timestampSchema.nullable(),
});
export type Mail = z.infer<typeof mailSchema>;
