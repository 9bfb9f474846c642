/** What a runner is offered: one variant per kind of run, complete in itself. */
import { z } from "zod";
import { answeredBySchema, severitySchema } from "./attention.ts";
import { deliverySchema, givenWorkSchema } from "./bead.ts";
import {
  beadIdSchema,
  oidSchema,
  rigIdSchema,
  runIdSchema,
  sessionIdSchema,
  turnIdSchema,
} from "./ids.ts";
import { agentProgramSchema, DEFAULT_PROGRAM } from "./entities/agent-program.ts";
import { egressSchema } from "./entities/egress.ts";
import { lfsPolicySchema } from "./entities/lfs.ts";
import { triageActionSchema } from "./entities/triage.ts";
import { gateSchema } from "./gate.ts";
import { gateResultSchema, reviewCommentSchema } from "./review.ts";
import { fenceSchema, roleSchema } from "./run.ts";
import { NO_ENVIRONMENT, runEnvironmentSchema } from "./entities/rig-environment.ts";
import { savedKeptSchema } from "./entities/saved-work.ts";
import { snapshotSchema } from "./entities/snapshot.ts";

/** The part of a rig that a run needs. */
export const rigSpecSchema = z.object({
  id: rigIdSchema,
  name: z.string(),
  remote: z.string(),
  target: z.string(),
  delivery: deliverySchema,
  gates: z.array(gateSchema),
  setup: z.string().nullable(),
  /** Of its agents and gates; setup has the network. */
  egress: egressSchema.default("none"),
  lfs: lfsPolicySchema.default("pointers"),
  isolationConfirmed: z.boolean(),
  /** Where a bead of a convoy with a branch of its own begins and lands, instead of on the integration branch. */
  convoyBranch: z.string().nullable().default(null),
  /** Why what is saved of a run stays with its runner; null: the rig's repository gets a copy. */
  savedKept: savedKeptSchema.nullable().default("rig"),
  environment: runEnvironmentSchema.default(NO_ENVIRONMENT),
});
export type RigSpec = z.infer<typeof rigSpecSchema>;

/** Deadlines of runs.md; every figure is policy. */
export const runLimitsSchema = z.object({
  wallMs: z.number().int().positive(),
  turnsMax: z.number().int().positive(),
  firstTokenMs: z.number().int().positive(),
  silenceMs: z.number().int().positive(),
  repromptsMax: z.number().int().nonnegative(),
  cutOffMs: z.number().int().positive(),
  warmMs: z.number().int().nonnegative(),
  /** How long a runner keeps a tree and an agent ready for the rig's next work; 0: not at all. */
  warmWorkMs: z.number().int().nonnegative().default(0),
});
export type RunLimits = z.infer<typeof runLimitsSchema>;

export const feedbackSchema = z.object({
  round: z.number().int(),
  source: z.enum(["gates", "refinery", "person", "merge"]),
  text: z.string(),
  comments: z.array(reviewCommentSchema),
});
export type Feedback = z.infer<typeof feedbackSchema>;

/** The bead as a briefing needs it. */
export const beadSpecSchema = z.object({
  id: beadIdSchema,
  title: z.string(),
  body: z.string(),
  attempt: z.number().int(),
  round: z.number().int(),
  cycle: z.number().int(),
  delivery: deliverySchema,
  convoyTitle: z.string().nullable(),
  /** The molecule that it is a step of. */
  molecule: z
    .object({ title: z.string(), step: z.number().int(), of: z.number().int() })
    .nullable()
    .default(null),
  feedback: feedbackSchema.nullable(),
  /** Of what earlier runs of it asked. */
  answers: z
    .array(z.object({ question: z.string(), answer: z.string(), by: answeredBySchema }))
    .default([]),
});
export type BeadSpec = z.infer<typeof beadSpecSchema>;

export const authorSchema = z.object({ name: z.string(), email: z.string() });
const agentSpec = z.object({ id: beadIdSchema, name: z.string(), role: roleSchema });
/** A town that does not tell means kilo. */
const program = agentProgramSchema.default(DEFAULT_PROGRAM);
const modelSpec = z.object({ model: z.string(), smallModel: z.string(), scripted: z.boolean() });

const common = {
  runId: runIdSchema,
  resource: z.string(),
  fence: fenceSchema,
  limits: runLimitsSchema,
};

export const turnSpecSchema = z.object({
  turnId: turnIdSchema,
  text: z.string(),
  /** What happened in the town since the last turn, a line each, for the briefing. */
  digest: z.array(z.string()).default([]),
  /** Effects an earlier execution of this turn already had, for the briefing. */
  journal: z.array(z.object({ tool: z.string(), arguments: z.string(), answer: z.string() })),
});
export type TurnSpec = z.infer<typeof turnSpecSchema>;

/** A request of triage with what the town knows of it. */
export const triageSpecSchema = z.object({
  id: beadIdSchema,
  severity: severitySchema,
  /** What was raised, in the words of whoever raised it. */
  title: z.string(),
  text: z.string(),
  bead: z.object({
    id: beadIdSchema,
    title: z.string(),
    body: z.string(),
    state: z.string(),
    workAttempts: z.number().int(),
  }),
  /** Whether a run of the bead that may be ended by `retry` stands still now. */
  standsStill: z.boolean(),
  /** How its last runs failed, the newest first. */
  failures: z.array(z.string()),
  actions: z.array(triageActionSchema),
});
export type TriageSpec = z.infer<typeof triageSpecSchema>;

/** What a convoy's landing must hold, oldest first, its branch's tip last: nothing that lies there may be left behind. */
const carries = z.array(oidSchema).default([]);

/** What the head's work was compared with; null: not known. */
const roundBase = oidSchema.nullable().default(null);

export const runSpecSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("work"),
    ...common,
    rig: rigSpecSchema,
    bead: beadSpecSchema,
    agent: agentSpec,
    model: modelSpec,
    program,
    author: authorSchema,
    /** Landed commits that the base must contain; the runner refuses to start on an older base. */
    contains: z.array(oidSchema),
    /** Where to go on from: the newest verified saved work or the last round's head. */
    savedWork: z
      .object({
        ref: z.string(),
        oid: oidSchema,
        baseOid: oidSchema.nullable(),
        /** The rig's repository holds it, under this name or as a branch. */
        onRemote: z.boolean().default(false),
      })
      .nullable(),
    carries,
    /** A person's commits, to be taken as the bead's work without an agent. */
    handed: givenWorkSchema.nullable().default(null),
    /** What its agent remembers is handed over when its work is: a rework may go on with it. */
    remember: z.boolean().default(false),
    /** Of a rework: the session of its author that it goes on in; null with the reason. */
    snapshot: snapshotSchema.nullable().default(null),
    noSnapshot: z.string().nullable().default(null),
  }),
  z.object({
    kind: z.literal("check"),
    ...common,
    rig: rigSpecSchema,
    bead: beadSpecSchema,
    reviewId: beadIdSchema,
    headOid: oidSchema,
    roundBase,
    branch: z.string(),
  }),
  z.object({
    kind: z.literal("review"),
    ...common,
    rig: rigSpecSchema,
    bead: beadSpecSchema,
    agent: agentSpec,
    model: modelSpec,
    program,
    reviewId: beadIdSchema,
    headOid: oidSchema,
    baseOid: oidSchema,
    branch: z.string(),
    summary: z.string(),
    gates: z.array(gateResultSchema),
  }),
  z.object({
    kind: z.literal("merge"),
    ...common,
    rig: rigSpecSchema,
    bead: beadSpecSchema,
    reviewId: beadIdSchema,
    headOid: oidSchema,
    roundBase,
    branch: z.string(),
    /** `withdraw`: nothing is landed any more; the lane is advanced, then it is seen what a lost merge did. */
    purpose: z.enum(["land", "withdraw"]).default("land"),
    author: authorSchema,
    carries,
  }),
  z.object({ kind: z.literal("baseline"), ...common, rig: rigSpecSchema }),
  z.object({
    kind: z.literal("session"),
    ...common,
    sessionId: sessionIdSchema,
    agent: agentSpec,
    model: modelSpec,
    program,
    /** None: the agent is up for what will be said. */
    turns: z.array(turnSpecSchema),
    /** The agent's own memory of the conversation up to the turn before; null with the reason, or none to continue. */
    snapshot: snapshotSchema.nullable().default(null),
    noSnapshot: z.string().nullable().default(null),
    /** Earlier conversation, oldest first, when the agent starts afresh. */
    transcript: z.array(z.object({ from: z.enum(["person", "mayor"]), text: z.string() })),
  }),
  z.object({
    kind: z.literal("triage"),
    ...common,
    agent: agentSpec,
    model: modelSpec,
    program,
    requests: z.array(triageSpecSchema).min(1),
  }),
]);
export type RunSpec = z.infer<typeof runSpecSchema>;
export type RunSpecOf<K extends RunSpec["kind"]> = Extract<RunSpec, { kind: K }>;
