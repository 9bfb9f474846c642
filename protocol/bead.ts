/** Beads as seen outside the town. Every image is of one row with its satellite; references are ids. */
import { z } from "zod";
import { gateSchema } from "./gate.ts";
import {
  beadIdSchema,
  eventIdSchema,
  oidSchema,
  rigIdSchema,
  runIdSchema,
  runnerIdSchema,
} from "./ids.ts";
import { beadWorkSchema } from "./entities/saved-work.ts";
import { timestampSchema } from "./time.ts";

export const beadTypeSchema = z.enum([
  "issue",
  "message",
  "escalation",
  "question",
  "mail",
  "merge_request",
  "convoy",
  "molecule",
  "agent",
  "triage_request",
]);
export type BeadType = z.infer<typeof beadTypeSchema>;

export const beadStatusSchema = z.enum(["open", "in_progress", "in_review", "closed", "failed"]);
export type BeadStatus = z.infer<typeof beadStatusSchema>;

export const prioritySchema = z.enum(["low", "medium", "high", "critical"]);
export type Priority = z.infer<typeof prioritySchema>;

export const deliverySchema = z.enum(["none", "branch", "merge"]);
export type Delivery = z.infer<typeof deliverySchema>;

/** How an issue bead was closed. `landed` needs proof from git (B8); the others are explicit. */
export const closeOutcomeSchema = z.enum(["landed", "answered", "nothing_to_do", "cancelled"]);
export type CloseOutcome = z.infer<typeof closeOutcomeSchema>;

/** No failed bead, run, review or convoy is without one (B15). */
export const failureReasonSchema = z.object({
  code: z.string(),
  message: z.string(),
  source: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type FailureReason = z.infer<typeof failureReasonSchema>;

/** What every bead has. */
export const beadCommon = {
  id: beadIdSchema,
  status: beadStatusSchema,
  title: z.string(),
  rigId: rigIdSchema.nullable(),
  version: z.number().int(),
  createdBy: z.string(),
  createdAt: timestampSchema,
  updatedAt: timestampSchema,
};

/** Where an unfinished bead is and what it waits for, in plain words; `rule` names the deciding rule. */
export const waitSchema = z.object({
  rule: z.string(),
  text: z.string(),
  untilAt: timestampSchema.nullable(),
});
export type Wait = z.infer<typeof waitSchema>;

/** A wish to close a bead that waits for what is under way: a merge, a run, or a lane that a lost merge may still use. */
export const closingSchema = z.object({
  outcome: closeOutcomeSchema.exclude(["landed"]),
  reason: z.string(),
  waitsFor: z.enum(["merge_in_flight", "run", "lane"]),
});
export type Closing = z.infer<typeof closingSchema>;

/** Beginnings of given work, of which none holds another: one, unless the target was rewritten under it. */
export const GIVEN_BEGINS_MAX = 20;

/** Commits that a person gives back: where they lie, and what is to become of them. */
export const givenWorkSchema = z.object({
  ref: z.string(),
  oid: oidSchema,
  /** The runner in whose store they lie; null: the rig's repository has them. */
  runnerId: runnerIdSchema.nullable(),
  /** Commits of the target that the work holds, as its folder knew the target: all are to be in its history still. */
  begins: z.array(oidSchema).min(1).max(GIVEN_BEGINS_MAX),
  summary: z.string(),
  /** For review as they are; otherwise an agent goes on from them. */
  review: z.boolean(),
});
export type GivenWork = z.infer<typeof givenWorkSchema>;

/** A person works on the bead himself, or has given it back and a runner is to take that. */
export const takenSchema = z.object({
  by: z.string(),
  at: timestampSchema,
  given: givenWorkSchema.nullable(),
});
export type Taken = z.infer<typeof takenSchema>;

export const issueSchema = z.object({
  ...beadCommon,
  type: z.literal("issue"),
  body: z.string(),
  convoyId: beadIdSchema.nullable(),
  parentId: beadIdSchema.nullable(),
  assigneeId: beadIdSchema.nullable(),
  reviewId: beadIdSchema.nullable(),
  runId: runIdSchema.nullable(),
  priority: prioritySchema,
  labels: z.array(z.string()),
  delivery: deliverySchema.nullable(),
  cycle: z.number().int(),
  round: z.number().int(),
  attempt: z.number().int(),
  workAttempts: z.number().int(),
  startFailures: z.number().int(),
  blockedBy: z.array(beadIdSchema),
  wait: waitSchema.nullable(),
  /** Nothing of it is started before it is released. */
  held: z.boolean(),
  archivedAt: timestampSchema.nullable(),
  closing: closingSchema.nullable(),
  taken: takenSchema.nullable(),
  wishedAgentId: beadIdSchema.nullable(),
  /** Acceptance checks: commands that must be green on the merged tree, besides the rig's gates. */
  checks: z.array(gateSchema),
  /** It brings the branch of its convoy to the target. */
  landing: z.boolean(),
  headOid: oidSchema.nullable(),
  baseOid: oidSchema.nullable(),
  landedOn: z.string().nullable(),
  landedOid: oidSchema.nullable(),
  savedWork: beadWorkSchema.nullable(),
  outcome: closeOutcomeSchema.nullable(),
  failure: failureReasonSchema.nullable(),
  stateSince: timestampSchema,
  closedAt: timestampSchema.nullable(),
});
export type Issue = z.infer<typeof issueSchema>;

export const convoyStateSchema = z.enum([
  "staged",
  "active",
  "landing",
  "landed",
  "failed",
  "cancelled",
]);
/** Each bead lands by itself, or all on a branch of the convoy, which lands once at the end. */
export const convoyModeSchema = z.enum(["review-and-merge", "review-then-land"]);
export type ConvoyMode = z.infer<typeof convoyModeSchema>;
/** What a person may do about a failed task: once more, without it, or without it and all that waits for it. */
export const taskChoiceSchema = z.enum(["retry", "drop", "land_without"]);
export const convoySchema = z.object({
  ...beadCommon,
  type: z.literal("convoy"),
  mode: convoyModeSchema,
  /** Its own branch, where its beads land first. */
  branch: z.string().nullable(),
  state: convoyStateSchema,
  failure: failureReasonSchema.nullable(),
  archivedAt: timestampSchema.nullable(),
  landedAt: timestampSchema.nullable(),
  /** Tasks that have failed: the convoy waits for a person's choice about each. */
  question: z
    .object({ beads: z.array(beadIdSchema), choices: z.array(taskChoiceSchema) })
    .nullable(),
});
export type Convoy = z.infer<typeof convoySchema>;

export const dependencyTypeSchema = z.enum(["blocks", "tracks", "parent-child"]);

export const beadEventSchema = z.object({
  id: eventIdSchema,
  beadId: beadIdSchema,
  at: timestampSchema,
  actor: z.string(),
  kind: z.string(),
  text: z.string(),
  rule: z.string().nullable(),
  runId: runIdSchema.nullable(),
  failure: failureReasonSchema.nullable(),
});
export type BeadEvent = z.infer<typeof beadEventSchema>;
