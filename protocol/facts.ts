/**
 * Facts: what a runner has seen happen. Each is on the runner's disk before anyone is told, and is
 * acknowledged by the town after it is stored. Order is kept per run.
 */
import { z } from "zod";
import { failureReasonSchema } from "./bead.ts";
import { beadIdSchema, oidSchema, runIdSchema, turnIdSchema } from "./ids.ts";
import { COMMITS_TOLD_MAX, commitLineSchema } from "./entities/commit.ts";
import { EVENT_BATCH_MAX, FACT_BATCH_MAX } from "./limits.ts";
import { gateResultSchema, proofSchema, reviewCommentSchema, verdictSchema } from "./review.ts";
import { fenceSchema, outcomeSchema, repetitionPatternSchema } from "./run.ts";
import { portBlockSchema } from "./entities/rig-environment.ts";
import { LEFT_OUT_MAX, leftOutSchema, savedKeptSchema } from "./entities/saved-work.ts";
import { beganSchema } from "./entities/began.ts";
import { contextUseSchema } from "./entities/context-use.ts";
import { continuedSchema } from "./entities/continued.ts";
import { agentEventSchema } from "./stream.ts";
import { timestampSchema } from "./time.ts";

export const exitRecordSchema = z.object({
  code: z.number().int().nullable(),
  signal: z.string().nullable(),
  timedOut: z.boolean(),
  cancelled: z.boolean(),
  forced: z.boolean(),
  durationMs: z.number().nonnegative(),
});
export type ExitRecord = z.infer<typeof exitRecordSchema>;

export const factBodySchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("phase"), phase: z.string().max(60) }),
  /** The agent is up, its tools are registered and the first turn was handed over, or is waited for. */
  z.object({
    kind: z.literal("started"),
    /** Of a rework. */
    began: beganSchema.optional(),
  }),
  /** The rig's target as this run found it at the remote. */
  z.object({ kind: z.literal("target_seen"), oid: oidSchema }),
  /** The work moved: a changed tree or a tool result that repeats nothing. Tokens are not progress. */
  z.object({ kind: z.literal("progress"), what: z.enum(["tree", "tool"]) }),
  /** An agent goes in circles: told again each time the pattern is twice as long. */
  z.object({
    kind: z.literal("repetition"),
    pattern: repetitionPatternSchema,
    times: z.number().int().positive(),
    /** What is repeated, for people. */
    text: z.string().max(300),
  }),
  /** Something that is slow by nature (a tool call, gates) may take this long from now; 0: it is over. */
  z.object({
    kind: z.literal("busy"),
    what: z.string().max(80),
    forMs: z.number().int().nonnegative(),
  }),
  /** Ports that are the run's own on its host. */
  z.object({ kind: z.literal("ports"), ...portBlockSchema.shape }),
  z.object({ kind: z.literal("bubble"), text: z.string().max(200) }),
  /** How much of the model's window the agent's conversation takes. */
  z.object({ kind: z.literal("context"), ...contextUseSchema.shape }),
  z.object({ kind: z.literal("events"), events: z.array(agentEventSchema).max(EVENT_BATCH_MAX) }),
  z.object({
    kind: z.literal("usage"),
    model: z.string().max(200),
    inputTokens: z.number().int().nonnegative(),
    outputTokens: z.number().int().nonnegative(),
    reasoningTokens: z.number().int().nonnegative(),
    cacheReadTokens: z.number().int().nonnegative(),
    cacheWriteTokens: z.number().int().nonnegative(),
    /** As the endpoint named it; null when it did not. */
    costUsd: z.number().nonnegative().nullable(),
    durationMs: z.number().nonnegative(),
    status: z.number().int(),
  }),
  /** Work of a run is on its runner's disk. */
  z.object({
    kind: z.literal("saved_work"),
    ref: z.string(),
    oid: oidSchema,
    baseOid: oidSchema,
    /** Lines added and removed since the base, at least one; of these, what this disk alone holds. */
    lines: z.number().int().nonnegative().default(1),
    atRisk: z.number().int().nonnegative().default(1),
    /** The saved work of an earlier run that is in it. */
    continues: oidSchema.nullable().default(null),
    /** Why no copy goes to the rig's repository; null where one does. */
    kept: savedKeptSchema.nullable().default(null),
    left: z.array(leftOutSchema).max(LEFT_OUT_MAX).default([]),
  }),
  /** A try to copy saved work to the rig's repository: with a reason it failed, and is made again. */
  z.object({
    kind: z.literal("saved_copy"),
    oid: oidSchema,
    atRisk: z.number().int().nonnegative(),
    reason: z.string().max(1_000).nullable(),
  }),
  /** After a turn what the agent has could not be saved; what was saved before is. */
  z.object({ kind: z.literal("not_saved"), reason: z.string().max(2_000) }),
  /** What the agent had could not be saved: its tree stays on the runner's host. */
  z.object({
    kind: z.literal("tree_kept"),
    dir: z.string().max(500),
    reason: z.string().max(2_000),
  }),
  z.object({
    kind: z.literal("work_done"),
    headOid: oidSchema,
    baseOid: oidSchema,
    branch: z.string(),
    summary: z.string().max(8_000),
    noChangesReason: z.string().max(2_000).nullable(),
    files: z.number().int(),
    additions: z.number().int(),
    deletions: z.number().int(),
    /** Of the work since its base, the newest first. */
    commits: z.array(commitLineSchema).max(COMMITS_TOLD_MAX).optional(),
  }),
  z.object({
    kind: z.literal("checked"),
    headOid: oidSchema,
    /** null: gates could not be run (infrastructure); nobody is to blame. */
    green: z.boolean().nullable(),
    gates: z.array(gateResultSchema),
    conflicts: z.array(z.string()),
    reason: failureReasonSchema.nullable(),
  }),
  z.object({
    kind: z.literal("verdict"),
    headOid: oidSchema,
    verdict: verdictSchema,
    summary: z.string().max(8_000),
    comments: z.array(reviewCommentSchema),
  }),
  z.object({
    kind: z.literal("landed"),
    headOid: oidSchema,
    proof: proofSchema,
    /** A command for the person, when the target is a dirty checkout. */
    hint: z.string().nullable(),
  }),
  z.object({
    kind: z.literal("not_landed"),
    headOid: oidSchema,
    code: z.enum([
      "conflict",
      "gates_red",
      "target_moved",
      "withdrawn",
      "refused",
      "infrastructure",
    ]),
    message: z.string().max(4_000),
    gates: z.array(gateResultSchema),
    conflicts: z.array(z.string()),
  }),
  z.object({
    kind: z.literal("baseline"),
    /** The target branch; named even where the rig leaves it to the remote. */
    target: z.string().max(200).nullable(),
    targetOid: oidSchema.nullable(),
    green: z.boolean().nullable(),
    gates: z.array(gateResultSchema),
    reason: failureReasonSchema.nullable(),
  }),
  /** A turn began with this message. */
  z.object({ kind: z.literal("mail_seen"), mailId: beadIdSchema }),
  z.object({
    kind: z.literal("turn_started"),
    turnId: turnIdSchema,
    /** Of a run's first turn, where there was a conversation to continue. */
    continued: continuedSchema.optional(),
  }),
  z.object({
    kind: z.literal("turn_ended"),
    turnId: turnIdSchema,
    text: z.string().max(64_000),
    reason: z.enum(["completed", "interrupted", "error"]),
    message: z.string().max(2_000).nullable(),
  }),
  z.object({
    kind: z.literal("exit"),
    outcome: outcomeSchema,
    reason: failureReasonSchema.nullable(),
    exit: exitRecordSchema.nullable(),
  }),
]);
export type FactBody = z.infer<typeof factBodySchema>;
export type FactOf<K extends FactBody["kind"]> = Extract<FactBody, { kind: K }>;

export const factSchema = z.object({
  /** Place in the runner's spool: rises by one, never reused within a spool epoch. */
  seq: z.number().int().positive(),
  runId: runIdSchema,
  fence: fenceSchema,
  at: timestampSchema,
  body: factBodySchema,
});
export type Fact = z.infer<typeof factSchema>;

export const factBatchSchema = z.object({
  connection: z.number().int(),
  spoolEpoch: z.string().max(60),
  facts: z.array(factSchema).min(1).max(FACT_BATCH_MAX),
});
export type FactBatch = z.infer<typeof factBatchSchema>;
