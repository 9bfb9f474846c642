/** Runs, agents, runners, rigs and the town as seen outside. */
import { z } from "zod";
import { deliverySchema, failureReasonSchema, waitSchema } from "./bead.ts";
import {
  beadIdSchema,
  oidSchema,
  rigIdSchema,
  runIdSchema,
  runnerIdSchema,
  sessionIdSchema,
  townIdSchema,
  turnIdSchema,
} from "./ids.ts";
import { gateSchema } from "./gate.ts";
import { gateResultSchema } from "./review.ts";
import { shownCredentialSchema } from "./entities/repository-access.ts";
import { portBlockSchema, rigEnvironmentSchema } from "./entities/rig-environment.ts";
import { egressSchema } from "./entities/egress.ts";
import { lfsPolicySchema } from "./entities/lfs.ts";
import { runnerRightsSchema } from "./entities/runner-rights.ts";
import { beganSchema } from "./entities/began.ts";
import { contextUseSchema } from "./entities/context-use.ts";
import { savedPlaceSchema, savedWorkSchema } from "./entities/saved-work.ts";
import { continuedSchema } from "./entities/continued.ts";
import { deletionSchema } from "./entities/trash.ts";
import { timestampSchema } from "./time.ts";
import { townLimitsSchema } from "./town-limits.ts";

/** A fencing token: (town epoch, count per resource). A higher one outranks every lower one. */
export const fenceSchema = z.strictObject({
  epoch: z.number().int().positive(),
  n: z.number().int().positive(),
});
export type Fence = z.infer<typeof fenceSchema>;

export const runKindSchema = z.enum([
  "work",
  "check",
  "review",
  "merge",
  "baseline",
  "session",
  "triage",
]);
export type RunKind = z.infer<typeof runKindSchema>;
export const runStateSchema = z.enum(["offered", "accepted", "preparing", "running", "ended"]);
export type RunState = z.infer<typeof runStateSchema>;

export const outcomeSchema = z.enum([
  "done",
  "no_result",
  "crashed",
  "rejected",
  "lost",
  "evicted",
  "stopped_by_town",
  "stopped_by_person",
  "throttled",
  "quota",
]);
export type Outcome = z.infer<typeof outcomeSchema>;

/** Ways of an agent to go in circles. */
export const repetitionPatternSchema = z.enum([
  "same_call",
  "same_error",
  "alternation",
  "monologue",
]);
export type RepetitionPattern = z.infer<typeof repetitionPatternSchema>;

export const roleSchema = z.enum(["mayor", "polecat", "refinery", "triage"]);
export type Role = z.infer<typeof roleSchema>;

export const usageTotalsSchema = z.object({
  calls: z.number().int(),
  inputTokens: z.number().int(),
  outputTokens: z.number().int(),
  reasoningTokens: z.number().int(),
  cacheReadTokens: z.number().int(),
  cacheWriteTokens: z.number().int(),
  /** Of the calls that have a price. */
  costUsd: z.number(),
  /** Calls whose cost is not known: neither the endpoint nor the model settings name a price. */
  unpricedCalls: z.number().int(),
});
export type UsageTotals = z.infer<typeof usageTotalsSchema>;

export const runSchema = z.object({
  id: runIdSchema,
  kind: runKindSchema,
  state: runStateSchema,
  phase: z.string().nullable(),
  outcome: outcomeSchema.nullable(),
  reason: failureReasonSchema.nullable(),
  resource: z.string(),
  fence: fenceSchema,
  beadId: beadIdSchema.nullable(),
  reviewId: beadIdSchema.nullable(),
  rigId: rigIdSchema.nullable(),
  sessionId: sessionIdSchema.nullable(),
  agentId: beadIdSchema.nullable(),
  runnerId: runnerIdSchema,
  attempt: z.number().int(),
  round: z.number().int(),
  model: z.string().nullable(),
  offeredAt: timestampSchema,
  startedAt: timestampSchema.nullable(),
  endedAt: timestampSchema.nullable(),
  lastProgressAt: timestampSchema.nullable(),
  leaseUntilAt: timestampSchema.nullable(),
  usage: usageTotalsSchema,
  savedWork: savedWorkSchema.nullable(),
  /** Why what it has written since could not be saved. */
  notSaved: z.string().nullable(),
  /** Ports that are its own on its host; null: its rig wants none. */
  ports: portBlockSchema.nullable(),
  /** How a rework began; null for every other run. */
  began: beganSchema.nullable(),
  /** How full its agent's conversation is; null until its program has told. */
  context: contextUseSchema.nullable(),
});
export type Run = z.infer<typeof runSchema>;

export const agentSchema = z.object({
  id: beadIdSchema,
  type: z.literal("agent"),
  status: z.enum(["open", "in_progress", "in_review", "closed", "failed"]),
  title: z.string(),
  version: z.number().int(),
  createdBy: z.string(),
  createdAt: timestampSchema,
  updatedAt: timestampSchema,
  name: z.string(),
  role: roleSchema,
  rigId: rigIdSchema.nullable(),
  /** A retired one is kept for what refers to it, and works no more. */
  state: z.enum(["idle", "working", "retired"]),
  beadId: beadIdSchema.nullable(),
  runId: runIdSchema.nullable(),
  bubble: z.string().nullable(),
  lastActivityAt: timestampSchema.nullable(),
});
export type Agent = z.infer<typeof agentSchema>;

export const isolationSchema = z.enum(["bwrap", "user", "none"]);
export type Isolation = z.infer<typeof isolationSchema>;

export const rigSchema = z.object({
  id: rigIdSchema,
  name: z.string(),
  remote: z.string(),
  target: z.string(),
  delivery: deliverySchema,
  codeReview: z.boolean(),
  savedWork: savedPlaceSchema,
  gates: z.array(gateSchema),
  setup: z.string().nullable(),
  egress: egressSchema,
  lfs: lfsPolicySchema,
  slots: z.number().int(),
  /** Only runners with all of these work on it. */
  labels: z.array(z.string()),
  state: z.enum(["checking", "ready", "parked"]),
  parked: failureReasonSchema.nullable(),
  baseline: z
    .object({
      oid: oidSchema,
      ok: z.boolean(),
      gates: z.array(gateResultSchema),
      at: timestampSchema,
    })
    .nullable(),
  isolationConfirmed: z.boolean(),
  directMergeConfirmed: z.boolean(),
  environment: rigEnvironmentSchema,
  /** With what its repository is reached; null: with what git has on each host. */
  credential: shownCredentialSchema.nullable(),
  /** A person deletes it: nothing new of it is started, and its runs end. */
  deletion: deletionSchema.nullable(),
  version: z.number().int(),
  createdAt: timestampSchema,
});
export type Rig = z.infer<typeof rigSchema>;

/** What a runner's host has left, and what it takes no more of until that is better. Bytes; the load of the last minute. */
export const hostFiguresSchema = z.object({
  cores: z.number().int().positive(),
  load1: z.number().nonnegative(),
  memoryBytes: z.number().int().nonnegative(),
  memoryFreeBytes: z.number().int().nonnegative(),
  diskFreeBytes: z.number().int().nonnegative(),
  /** What an agent is expected to take, by those that were measured there; and how many its memory bears, those at work included. */
  agentBytes: z.number().int().positive().optional(),
  agentSlots: z.number().int().positive().optional(),
  refuses: z
    .object({ what: z.enum(["agents", "everything"]), why: z.string().max(300) })
    .nullable(),
});
export type HostFigures = z.infer<typeof hostFiguresSchema>;

export const awaySchema = z.object({
  at: timestampSchema,
  by: z.string(),
  reason: z.string(),
});
export type Away = z.infer<typeof awaySchema>;

export const runnerSchema = z.object({
  id: runnerIdSchema,
  name: z.string(),
  local: z.boolean(),
  state: z.enum(["connected", "suspect", "lost"]),
  incarnation: z.number().int(),
  isolation: isolationSchema,
  isolationReason: z.string().nullable(),
  /** Agent programs that it has. */
  programs: z.array(z.string()),
  /** It has git-lfs, and may work for rigs that want what Git LFS keeps. */
  lfs: z.boolean(),
  slots: z.number().int(),
  version: z.string(),
  /** As last told; null: not yet. */
  host: hostFiguresSchema.nullable(),
  lastSeenAt: timestampSchema,
  /** When it said that it stops; until it says hello again. */
  leavingAt: timestampSchema.nullable(),
  /** A person wants nothing new to be given to it, over restarts. */
  away: awaySchema.nullable(),
  /** What people let it be given, and the labels by which rigs choose. */
  rights: runnerRightsSchema,
  labels: z.array(z.string()),
  /** When its token was revoked; until it joins with another. */
  revokedAt: timestampSchema.nullable(),
});
export type Runner = z.infer<typeof runnerSchema>;

const usdPerMillion = z.number().nonnegative().max(100_000);
/** Dollars per million tokens. A cache class that is left out costs as input. */
export const modelPriceSchema = z.strictObject({
  input: usdPerMillion,
  output: usdPerMillion,
  cacheRead: usdPerMillion.optional(),
  cacheWrite: usdPerMillion.optional(),
});
export type ModelPrice = z.infer<typeof modelPriceSchema>;
const MODEL_PRICES_MAX = 100;
/** By model. */
export const modelPricesSchema = z
  .record(z.string().trim().min(1).max(200), modelPriceSchema)
  .refine((prices) => Object.keys(prices).length <= MODEL_PRICES_MAX, "too many prices");

export const modelSettingsSchema = z.object({
  provider: z.enum(["kilo", "openai-compatible", "scripted"]),
  baseUrl: z.string(),
  key: z.object({ set: z.boolean(), tail: z.string().nullable(), readable: z.boolean() }),
  model: z.string(),
  smallModel: z.string(),
  /** Does the work of agents while the quota of theirs is used up. */
  fallbackModel: z.string().nullable(),
  prices: modelPricesSchema,
  roles: z.object({
    mayor: z.string().nullable(),
    polecat: z.string().nullable(),
    refinery: z.string().nullable(),
    triage: z.string().nullable(),
  }),
});
export type ModelSettings = z.infer<typeof modelSettingsSchema>;

export const townSchema = z.object({
  id: townIdSchema,
  name: z.string(),
  epoch: z.number().int(),
  appVersion: z.string(),
  demo: z.boolean(),
  model: modelSettingsSchema.nullable(),
  sessionId: sessionIdSchema,
  slots: z.number().int(),
  observingUntilAt: timestampSchema.nullable(),
  limits: townLimitsSchema,
  /** Lines of unfinished beads that the disk of one runner alone holds. */
  linesAtRisk: z.number().int(),
  usage: usageTotalsSchema,
  startedAt: timestampSchema,
});
export type Town = z.infer<typeof townSchema>;

/** One step of a turn as the chat shows it: a tool call in one line that opens. */
export const turnStepSchema = z.object({
  tool: z.string(),
  arguments: z.string(),
  result: z.string().nullable(),
  ok: z.boolean().nullable(),
});

/** A chat entry: a person's message or what a turn of the Mayor said, with its steps. */
export const chatEntrySchema = z.object({
  id: z.string(),
  kind: z.enum(["person", "mayor", "notice"]),
  sessionId: sessionIdSchema,
  turnId: turnIdSchema.nullable(),
  /** While `streaming`: the run whose stream carries the growing text, in events with this turn id. */
  runId: runIdSchema.nullable(),
  author: z.string(),
  text: z.string(),
  steps: z.array(turnStepSchema),
  state: z.enum(["queued", "delivered", "seen", "streaming", "done", "interrupted", "failed"]),
  note: z.string().nullable(),
  /** Of a person's message: why its turn does not begin. */
  wait: waitSchema.nullable(),
  /** Of the Mayor's first turn in a run: how the conversation went on. */
  continued: continuedSchema.nullable(),
  beads: z.array(beadIdSchema),
  at: timestampSchema,
});
export type ChatEntry = z.infer<typeof chatEntrySchema>;
