/**
 * The runner namespace `/runner`. Runner to town: hello, facts, heartbeat, tool, credential, secrets,
 * repository, leaving, snapshot_put, snapshot_keep, snapshot_get.
 * Town to runner: offer, stop, turn, mail, forget, purge, diff, browse, try_remote. Either way: terminal. Each is acknowledged; each carries the
 * connection number that hello was answered with, and a mismatch closes the connection whole.
 */
import { z } from "zod";
import { mailModeSchema } from "./attention.ts";
import { repositoryCredentialSchema, repositoryUseSchema } from "./entities/repository-access.ts";
import { browseWishSchema, type Browsed } from "./entities/browse.ts";
import type { Ack } from "./error.ts";
import type { FactBatch } from "./facts.ts";
import {
  beadIdSchema,
  oidSchema,
  rigIdSchema,
  runIdSchema,
  runnerIdSchema,
  terminalIdSchema,
  turnIdSchema,
} from "./ids.ts";
import {
  terminalInputSchema,
  terminalOutputSchema,
  terminalSizeSchema,
  terminalWhatSchema,
} from "./entities/terminal.ts";
import type { PurgeFrame, Purged } from "./entities/trash.ts";
import { sha256Schema, snapshotSchema } from "./entities/snapshot.ts";
import { BODY_CHARS_MAX, DRAIN_GRACE_MS_MAX, SNAPSHOT_CHUNK_BYTES } from "./limits.ts";
import { fenceSchema, hostFiguresSchema, isolationSchema } from "./run.ts";
import { rigSpecSchema, runSpecSchema, turnSpecSchema } from "./run-spec.ts";

const liveRun = z.object({
  runId: runIdSchema,
  fence: fenceSchema,
  phase: z.string().max(60),
  /** Milliseconds since the work last moved, by the runner's monotonic clock. */
  progressAgoMs: z.number().int().nonnegative(),
});

export const helloSchema = z.object({
  version: z.number().int(),
  appVersion: z.string().max(60),
  /** null on the first hello ever: the town assigns one, the runner keeps it. */
  runnerId: runnerIdSchema.nullable(),
  /** Rises at every start of the runner on its data directory. */
  incarnation: z.number().int().positive(),
  name: z.string().max(60),
  local: z.boolean(),
  isolation: isolationSchema,
  isolationReason: z.string().max(500).nullable(),
  slots: z.number().int().min(1).max(64),
  host: hostFiguresSchema.optional(),
  /** Agent programs that it has; one that does not tell has kilo. */
  programs: z.array(z.string().max(40)).max(20).optional(),
  /** It has git-lfs; one that does not tell has not. */
  lfs: z.boolean().optional(),
  spoolEpoch: z.string().max(60),
  /** Highest sequence on the runner's disk; the town applies facts up to it before it compares. */
  spoolSeq: z.number().int().nonnegative(),
  /** Facts up to here were acknowledged and are gone: a town that knows less (a backup) starts from here. */
  ackedSeq: z.number().int().nonnegative().optional(),
  lastOfferSeq: z.number().int().nonnegative(),
  /** The highest epoch of a fence that it knows: a town that knows less (a backup) gives out higher ones. */
  fenceEpoch: z.number().int().nonnegative().optional(),
  /** It is stopping: it takes nothing new. */
  leaving: z.boolean().optional(),
  live: z.array(liveRun),
  /** Runs that ended but whose exit may not be acknowledged yet. */
  ended: z.array(z.object({ runId: runIdSchema, fence: fenceSchema })),
});
export type Hello = z.infer<typeof helloSchema>;

const stopOrderSchema = z.object({ runId: runIdSchema, fence: fenceSchema, reason: z.string() });

export const runnerWelcomeSchema = z.object({
  runnerId: runnerIdSchema,
  connection: z.number().int().positive(),
  epoch: z.number().int(),
  /** Facts up to here are stored; send what follows. */
  ackedSeq: z.number().int().nonnegative(),
  heartbeatMs: z.number().int().positive(),
  leaseTtlMs: z.number().int().positive(),
  /** When it stops, how long its runs may go on before their work is saved; at once where the town does not say. */
  drainGraceMs: z.number().int().nonnegative().max(DRAIN_GRACE_MS_MAX).optional(),
  /** Of the runs of hello, those it may no longer hold: stopped before the lease begins again. */
  stop: z.array(stopOrderSchema),
});
export type RunnerWelcome = z.infer<typeof runnerWelcomeSchema>;

export const heartbeatSchema = z.object({
  connection: z.number().int(),
  lastOfferSeq: z.number().int().nonnegative(),
  runs: z.array(liveRun),
  host: hostFiguresSchema.optional(),
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;
export const heartbeatAnswerSchema = z.object({
  /** Runs this runner may no longer hold: stop them, save their work. */
  stop: z.array(stopOrderSchema),
  heartbeatMs: z.number().int().positive(),
});

/** The runner is stopping, until the end of this connection: it takes nothing new. */
export const leavingFrameSchema = z.object({ connection: z.number().int() });
export type LeavingFrame = z.infer<typeof leavingFrameSchema>;

export const offerSchema = z.object({
  connection: z.number().int(),
  offerSeq: z.number().int().positive(),
  acceptByMs: z.number().int().positive(),
  spec: runSpecSchema,
});
export type Offer = z.infer<typeof offerSchema>;
export const offerAnswerSchema = z.discriminatedUnion("accepted", [
  z.object({ accepted: z.literal(true) }),
  z.object({
    accepted: z.literal(false),
    code: z.string().max(60),
    message: z.string().max(1_000),
  }),
]);
export type OfferAnswer = z.infer<typeof offerAnswerSchema>;

export const stopFrameSchema = z.object({
  connection: z.number().int(),
  runId: runIdSchema,
  fence: fenceSchema,
  outcome: z.enum(["stopped_by_town", "stopped_by_person", "evicted"]),
  reason: z.string().max(1_000),
});
export type StopFrame = z.infer<typeof stopFrameSchema>;

/** A further turn for a session run that is up. */
export const turnFrameSchema = z.object({
  connection: z.number().int(),
  runId: runIdSchema,
  fence: fenceSchema,
  turn: turnSpecSchema,
});
export type TurnFrame = z.infer<typeof turnFrameSchema>;

/** A message for the agent of a work run that is up. The same one twice is one. */
export const mailFrameSchema = z.object({
  connection: z.number().int(),
  runId: runIdSchema,
  fence: fenceSchema,
  mail: z.object({
    mailId: beadIdSchema,
    mode: mailModeSchema,
    from: z.string().max(100),
    text: z.string().max(BODY_CHARS_MAX),
  }),
});
export type MailFrame = z.infer<typeof mailFrameSchema>;

/** The bead of this run has ended long ago: its saved work is deleted, in the rig's repository too. */
export const forgetFrameSchema = z.object({
  connection: z.number().int(),
  runId: runIdSchema,
  /** What people gave of the bead goes too; `isHere`: it lies in this runner's store. Null: the run was no gift's. */
  given: z
    .object({
      rig: rigSpecSchema.pick({ id: true, remote: true }),
      beadId: beadIdSchema,
      /** That the run had. */
      fence: fenceSchema,
      isHere: z.boolean(),
    })
    .nullable(),
});
export type ForgetFrame = z.infer<typeof forgetFrameSchema>;

export const diffFrameSchema = z.object({
  connection: z.number().int(),
  rig: rigSpecSchema,
  baseOid: oidSchema,
  headOid: oidSchema,
});
export type DiffFrame = z.infer<typeof diffFrameSchema>;
export const diffAnswerSchema = z.object({
  files: z.array(
    z.object({ path: z.string(), additions: z.number().int(), deletions: z.number().int() }),
  ),
  diff: z.string(),
  truncated: z.boolean(),
});
export type DiffAnswer = z.infer<typeof diffAnswerSchema>;

export const browseFrameSchema = z.object({
  connection: z.number().int(),
  rig: rigSpecSchema,
  wish: browseWishSchema,
});
export type BrowseFrame = z.infer<typeof browseFrameSchema>;

const place = { connection: z.number().int(), terminalId: terminalIdSchema };

/** What a runner is asked to do with a terminal. */
export const terminalOrderSchema = z.discriminatedUnion("op", [
  z.object({
    op: z.literal("open"),
    ...place,
    runId: runIdSchema,
    fence: fenceSchema,
    what: terminalWhatSchema,
    ...terminalSizeSchema.shape,
  }),
  z.object({
    op: z.literal("input"),
    ...place,
    data: terminalInputSchema,
    /** Answer with the line that the cursor was in, as the screen shows it soon after. */
    wantsLine: z.boolean(),
  }),
  z.object({ op: z.literal("resize"), ...place, ...terminalSizeSchema.shape }),
  /** Answer with the screen, and send the output that follows it. */
  z.object({ op: z.literal("replay"), ...place }),
  /** Nobody looks: send nothing until the next replay. */
  z.object({ op: z.literal("pause"), ...place }),
  z.object({ op: z.literal("close"), ...place }),
]);
export type TerminalOrder = z.infer<typeof terminalOrderSchema>;

export const terminalLineSchema = z.object({ line: z.string().max(4_000).nullable() });
/** `at`: bytes of output until then. */
export const terminalScreenSchema = z.object({
  at: z.number().int().nonnegative(),
  ...terminalSizeSchema.shape,
  data: terminalOutputSchema,
});
export type TerminalScreen = z.infer<typeof terminalScreenSchema>;

/** What a runner says of a terminal. Output begins `at` so many bytes; what lies between was left out. */
export const terminalNewsSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("output"),
    ...place,
    at: z.number().int().nonnegative(),
    data: terminalOutputSchema,
  }),
  z.object({ kind: z.literal("ended"), ...place, message: z.string().max(1_000) }),
]);
export type TerminalNews = z.infer<typeof terminalNewsSchema>;

/** An agent's tool call that the town decides. `key` = hash of turn, tool and arguments. */
export const toolFrameSchema = z.object({
  connection: z.number().int(),
  runId: runIdSchema,
  fence: fenceSchema,
  turnId: turnIdSchema.nullable(),
  tool: z.string().max(60),
  arguments: z.unknown(),
  key: z.string().min(16).max(100),
});
export type ToolFrame = z.infer<typeof toolFrameSchema>;
export const toolAnswerSchema = z.object({ isError: z.boolean(), text: z.string() });
export type ToolAnswer = z.infer<typeof toolAnswerSchema>;

export const credentialFrameSchema = z.object({
  connection: z.number().int(),
  runId: runIdSchema,
  fence: fenceSchema,
  want: z.literal("model"),
});
export type CredentialFrame = z.infer<typeof credentialFrameSchema>;
/** The model endpoint for one run; held in the runner's memory, never given to the agent. */
export const modelCredentialSchema = z.object({
  provider: z.enum(["kilo", "openai-compatible", "scripted"]),
  baseUrl: z.string(),
  apiKey: z.string().nullable(),
  /** The address is a path of the town's own, and the key a pass of this run: the runner may not have the key. */
  viaTown: z.boolean().optional(),
});
export type ModelCredential = z.infer<typeof modelCredentialSchema>;

/** What a rig's people keep secret, for the setup and gates of one run. */
export const secretsFrameSchema = z.object({
  connection: z.number().int(),
  runId: runIdSchema,
  fence: fenceSchema,
});
export type SecretsFrame = z.infer<typeof secretsFrameSchema>;
/** By variable; held in the runner's memory, never given to an agent. */
export const rigSecretsSchema = z.object({ values: z.record(z.string(), z.string()) });
export type RigSecrets = z.infer<typeof rigSecretsSchema>;

/** The right to a rig's repository for one operation of git; `remote` is where git is about to go. */
export const repositoryFrameSchema = z.object({
  connection: z.number().int(),
  rigId: rigIdSchema,
  remote: z.string().max(2_000),
  use: repositoryUseSchema,
  /** The run that it is for; null: none. */
  run: z.object({ runId: runIdSchema, fence: fenceSchema }).nullable(),
});
export type RepositoryFrame = z.infer<typeof repositoryFrameSchema>;
/** Null: the rig has none. Handed to one git process, kept nowhere. */
export const repositoryAccessSchema = z.object({
  credential: repositoryCredentialSchema.nullable(),
});
export type RepositoryAccess = z.infer<typeof repositoryAccessSchema>;

/** Whether git gets through to a rig's repository with this credential; null: with what the town keeps, or the host has. */
export const tryRemoteFrameSchema = z.object({
  connection: z.number().int(),
  rig: z.object({ id: rigIdSchema, remote: z.string() }),
  credential: repositoryCredentialSchema.nullable(),
});
export type TryRemoteFrame = z.infer<typeof tryRemoteFrameSchema>;

/** A piece of a snapshot, in order. With its last piece the town has it, and keeps it when it is told to. */
export const snapshotPutFrameSchema = z.object({
  connection: z.number().int(),
  runId: runIdSchema,
  fence: fenceSchema,
  snapshot: snapshotSchema,
  offset: z.number().int().nonnegative(),
  data: z.base64().max(Math.ceil(SNAPSHOT_CHUNK_BYTES / 3) * 4),
});
export type SnapshotPutFrame = z.infer<typeof snapshotPutFrameSchema>;

/** From now on this is what the next run of the session begins with. */
export const snapshotKeepFrameSchema = z.object({
  connection: z.number().int(),
  runId: runIdSchema,
  fence: fenceSchema,
  snapshot: snapshotSchema,
});
export type SnapshotKeepFrame = z.infer<typeof snapshotKeepFrameSchema>;

/** A piece of the snapshot that a run was offered. */
export const snapshotGetFrameSchema = z.object({
  connection: z.number().int(),
  runId: runIdSchema,
  fence: fenceSchema,
  sha256: sha256Schema,
  offset: z.number().int().nonnegative(),
});
export type SnapshotGetFrame = z.infer<typeof snapshotGetFrameSchema>;
export const snapshotPieceSchema = z.object({ data: z.base64() });
export type SnapshotPiece = z.infer<typeof snapshotPieceSchema>;

export interface RunnerUpEvents {
  hello: (frame: Hello, ack: (answer: Ack<RunnerWelcome>) => void) => void;
  facts: (frame: FactBatch, ack: (answer: Ack<{ ackedSeq: number }>) => void) => void;
  heartbeat: (
    frame: Heartbeat,
    ack: (answer: Ack<z.infer<typeof heartbeatAnswerSchema>>) => void,
  ) => void;
  tool: (frame: ToolFrame, ack: (answer: Ack<ToolAnswer>) => void) => void;
  /** Acknowledged when there is room for more. */
  terminal: (frame: TerminalNews, ack: (answer: Ack<null>) => void) => void;
  credential: (frame: CredentialFrame, ack: (answer: Ack<ModelCredential>) => void) => void;
  secrets: (frame: SecretsFrame, ack: (answer: Ack<RigSecrets>) => void) => void;
  repository: (frame: RepositoryFrame, ack: (answer: Ack<RepositoryAccess>) => void) => void;
  leaving: (frame: LeavingFrame, ack: (answer: Ack<null>) => void) => void;
  snapshot_put: (frame: SnapshotPutFrame, ack: (answer: Ack<null>) => void) => void;
  snapshot_keep: (frame: SnapshotKeepFrame, ack: (answer: Ack<null>) => void) => void;
  snapshot_get: (frame: SnapshotGetFrame, ack: (answer: Ack<SnapshotPiece>) => void) => void;
}
export interface RunnerDownEvents {
  offer: (frame: Offer, ack: (answer: Ack<OfferAnswer>) => void) => void;
  stop: (frame: StopFrame, ack: (answer: Ack<null>) => void) => void;
  turn: (frame: TurnFrame, ack: (answer: Ack<null>) => void) => void;
  mail: (frame: MailFrame, ack: (answer: Ack<null>) => void) => void;
  forget: (frame: ForgetFrame, ack: (answer: Ack<null>) => void) => void;
  purge: (frame: PurgeFrame, ack: (answer: Ack<Purged>) => void) => void;
  diff: (frame: DiffFrame, ack: (answer: Ack<DiffAnswer>) => void) => void;
  browse: (frame: BrowseFrame, ack: (answer: Ack<Browsed>) => void) => void;
  try_remote: (frame: TryRemoteFrame, ack: (answer: Ack<null>) => void) => void;
  terminal: (frame: TerminalOrder, ack: (answer: Ack<unknown>) => void) => void;
}
