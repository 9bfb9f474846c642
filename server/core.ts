/**
 * What the edges (socket, HTTP, CLI in process) may ask of the town's core, and the ports the core
 * asks of the edges. The core is composed in server/town.ts.
 */
import type {
  Ack,
  AgentEvent,
  AnyImage,
  Browsed,
  BrowseFrame,
  DiffAnswer,
  DiffFrame,
  FactBatch,
  FeedPosition,
  Heartbeat,
  LeavingFrame,
  ForgetFrame,
  MailFrame,
  Hello,
  ModelCredential,
  CredentialFrame,
  FactOf,
  Offer,
  OfferAnswer,
  PurgeFrame,
  Purged,
  RepositoryAccess,
  RepositoryFrame,
  Result,
  RigSecrets,
  RunnerRight,
  RunnerWelcome,
  SecretsFrame,
  SnapshotGetFrame,
  SnapshotKeepFrame,
  SnapshotPiece,
  SnapshotPutFrame,
  StopFrame,
  ToolAnswer,
  ToolFrame,
  Topic,
  TryRemoteFrame,
  TurnFrame,
  Fence,
} from "../protocol/index.ts";
import type { SeenTrouble } from "./model/provider.ts";

/** What the audit keeps of something that is no command. */
export interface AuditEntry {
  actor: string;
  command: string;
  /** Id of what it concerns. */
  subject: string;
  text: string;
}

/** Where a run is at work. */
export interface TerminalTarget {
  runId: string;
  fence: Fence;
  runnerId: string;
  connection: number;
}

/** Who asks. `actor` is what history shows: "person:owner", "run:<id>". */
export interface Caller {
  principal: "owner" | "runner";
  actor: string;
}

export interface TopicState {
  position: FeedPosition;
  reset: boolean;
  items: AnyImage[];
}

export interface FeedChange {
  version: number;
  /** Topics that hold this image, `changes` included. */
  topics: readonly Topic[];
  image: AnyImage;
}

/** What one run may call in the name of the town. */
export interface ModelGrant {
  runId: string;
  baseUrl: string;
  apiKey: string | null;
  models: readonly string[];
}

/** What a call through the town has used. */
export type RelayedUse = Omit<FactOf<"usage">, "kind">;

export interface TownCore {
  /** Parses, authorises and answers a command, query or service; a command's answer follows its commit. */
  call(name: string, body: unknown, caller: Caller, key?: string): Promise<Ack>;
  /** State of a topic now, or what changed since a position that is still known. */
  topic(topic: Topic, since?: FeedPosition): Result<TopicState>;
  /** Called after every commit with its changes, in order. Returns the way to stop. */
  onChanges(listener: (epoch: number, changes: readonly FeedChange[]) => void): () => void;
  /** Stored events of a run's stream after `since`, oldest first, at most STREAM_REPLAY_MAX. */
  streamSince(runId: string, since: number): AgentEvent[];
  onStream(listener: (runId: string, events: readonly AgentEvent[]) => void): () => void;
  /** The live run that is meant: by itself, or by its bead. Errors: `not_found`, `ambiguous`, `offline`. */
  terminalTarget(ref: string): Result<TerminalTarget>;
  /** Resolves when it is kept. */
  audit(entry: AuditEntry): Promise<void>;
  townId: string;
  epoch: number;

  /** Runner side. `tokenId` is the token for which the runner's key was taken, `rights` what it may be given. */
  hello(
    frame: Hello,
    tokenId: string,
    rights: readonly RunnerRight[],
  ): Promise<Result<RunnerWelcome>>;
  facts(runnerId: string, batch: FactBatch): Promise<Result<{ ackedSeq: number }>>;
  heartbeat(
    runnerId: string,
    frame: Heartbeat,
  ): Promise<
    Result<{ stop: { runId: string; fence: Fence; reason: string }[]; heartbeatMs: number }>
  >;
  tool(runnerId: string, frame: ToolFrame): Promise<Result<ToolAnswer>>;
  credential(runnerId: string, frame: CredentialFrame): Promise<Result<ModelCredential>>;
  /**
   * Where a call of the run that holds this pass goes. `unauthenticated` when it is none's any more, `forbidden` when the
   * run was told to stop, `offline` when its runner is silent; with a model also `rate_limited` while the provider is left alone.
   */
  modelGrant(pass: string, model?: string): Result<ModelGrant>;
  /** What a call of the run came to; answered when it is written down, with what follows from it. */
  modelUsed(runId: string, use: RelayedUse | SeenTrouble): Promise<Result<null>>;
  secrets(runnerId: string, frame: SecretsFrame): Promise<Result<RigSecrets>>;
  /** The right to a rig's repository, for one operation of git. */
  repository(runnerId: string, frame: RepositoryFrame): Promise<Result<RepositoryAccess>>;
  /** It stops: nothing new is given to it on this connection. */
  leaving(runnerId: string, frame: LeavingFrame): Promise<Result<null>>;
  snapshot_put(runnerId: string, frame: SnapshotPutFrame): Promise<Result<null>>;
  snapshot_keep(runnerId: string, frame: SnapshotKeepFrame): Promise<Result<null>>;
  snapshot_get(runnerId: string, frame: SnapshotGetFrame): Promise<Result<SnapshotPiece>>;
  /** The socket of this connection closed. */
  runnerGone(runnerId: string, connection: number): void;
  /** This token was revoked: who joined with it is a runner of the town no more. */
  revoked(tokenId: string): Promise<void>;
  /** A runner's token was used a second time: people are told. */
  joinedTwice(tokenId: string): Promise<void>;
}

/**
 * The core's way to a connected runner, implemented by server/socket. Every call has a deadline and
 * answers `offline` or `deadline` (retryable) when the runner does not answer in time.
 */
export interface RunnerPort {
  offer(runnerId: string, frame: Offer): Promise<Ack<OfferAnswer>>;
  stop(runnerId: string, frame: StopFrame): Promise<Ack<null>>;
  turn(runnerId: string, frame: TurnFrame): Promise<Ack<null>>;
  mail(runnerId: string, frame: MailFrame): Promise<Ack<null>>;
  forget(runnerId: string, frame: ForgetFrame): Promise<Ack<null>>;
  purge(runnerId: string, frame: PurgeFrame): Promise<Ack<Purged>>;
  diff(runnerId: string, frame: DiffFrame): Promise<Ack<DiffAnswer>>;
  browse(runnerId: string, frame: BrowseFrame): Promise<Ack<Browsed>>;
  tryRemote(runnerId: string, frame: TryRemoteFrame): Promise<Ack<null>>;
  /** Closes the older connection of a runner, or all of a revoked one. */
  close(runnerId: string, reason: string): void;
}

/** Login links and tokens, implemented by server/auth over auth.db, used by the service commands. */
export interface AuthPort {
  createLogin(): { token: string; expiresAt: number };
  createToken(
    role: "owner" | "runner",
    name: string,
    rights?: readonly RunnerRight[],
  ): { id: string; token: string };
  /** Of who joined with it, over restarts and old backups. */
  setTokenRights(id: string, rights: readonly RunnerRight[]): void;
  listTokens(): {
    id: string;
    role: "owner" | "runner";
    name: string;
    createdAt: number;
    /** When a runner's key was taken for it. */
    joinedAt: number | null;
    revokedAt: number | null;
  }[];
  /** False when there is no such token. */
  revokeToken(id: string): boolean;
  /** Encrypts and decrypts settings' secrets: AEAD bound to the row id; null when the key is gone. */
  seal(rowId: string, secret: string): string;
  unseal(rowId: string, sealed: string): string | null;
}

/** When things happen: a simulation has its own. */
export interface Scheduler {
  /** After what is under way now. */
  soon(act: () => void): void;
  /** Once, after some time; the result takes it back. */
  after(ms: number, act: () => void): () => void;
}

export interface Clock {
  /** Wall clock, ms since 1970. */
  now(): number;
  /** Monotonic ms. */
  mono(): number;
}
export interface Random {
  /** Uniform in [0, 1). */
  unit(): number;
  bytes(count: number): Uint8Array;
}
export interface Log {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}
