import { z } from "zod";
import { beadIdSchema, oidSchema, rigIdSchema, runIdSchema } from "./ids.ts";
import { failureReasonSchema, waitSchema } from "./bead.ts";
import { COMMENTS_MAX, FEEDBACK_CHARS_MAX, GATE_LOG_CHARS_MAX } from "./limits.ts";
import { durationMsSchema, timestampSchema } from "./time.ts";

export const gateResultSchema = z.object({
  name: z.string(),
  command: z.string(),
  ok: z.boolean(),
  code: z.number().int().nullable(),
  timedOut: z.boolean(),
  durationMs: durationMsSchema,
  log: z.string().max(GATE_LOG_CHARS_MAX),
});
export type GateResult = z.infer<typeof gateResultSchema>;

export const reviewCommentSchema = z.object({
  file: z.string().max(500),
  line: z.number().int().nonnegative(),
  body: z.string().max(4_000),
});
export type ReviewComment = z.infer<typeof reviewCommentSchema>;

export const verdictSchema = z.enum(["approve", "request_changes", "cannot_decide"]);
export type Verdict = z.infer<typeof verdictSchema>;

export const reviewStateSchema = z.enum([
  "queued",
  "checking",
  "reviewing",
  "changes_requested",
  "approved",
  "merging",
  "merged",
  "withdrawn",
  "needs_person",
]);
export type ReviewState = z.infer<typeof reviewStateSchema>;

/** How a landing was proven from git; recorded once, never derived again. */
export const proofSchema = z.object({
  /** `contained`: somebody else's update of the ref brought it in, with whatever else that brought. */
  method: z.enum(["merge", "contained"]),
  ref: z.string(),
  sourceOid: oidSchema,
  mergeOid: oidSchema,
  targetOid: oidSchema,
});
export type Proof = z.infer<typeof proofSchema>;

export const roundSchema = z.object({
  round: z.number().int(),
  headOid: oidSchema,
  baseOid: oidSchema,
  summary: z.string(),
  gates: z.array(gateResultSchema),
  verdict: verdictSchema.nullable(),
  feedback: z.string().max(FEEDBACK_CHARS_MAX).nullable(),
  comments: z.array(reviewCommentSchema).max(COMMENTS_MAX),
  reviewerRunId: runIdSchema.nullable(),
  authorRunId: runIdSchema.nullable(),
  at: timestampSchema,
});
export type Round = z.infer<typeof roundSchema>;

export const reviewSchema = z.object({
  id: beadIdSchema,
  type: z.literal("merge_request"),
  status: z.enum(["open", "in_progress", "in_review", "closed", "failed"]),
  title: z.string(),
  rigId: rigIdSchema,
  version: z.number().int(),
  createdBy: z.string(),
  createdAt: timestampSchema,
  updatedAt: timestampSchema,
  subjectId: beadIdSchema,
  cycle: z.number().int(),
  state: reviewStateSchema,
  rounds: z.array(roundSchema),
  proof: proofSchema.nullable(),
  wait: waitSchema.nullable(),
  failure: failureReasonSchema.nullable(),
  landingHint: z.string().nullable(),
});
export type Review = z.infer<typeof reviewSchema>;
