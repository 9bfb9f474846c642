/** Runs, sessions and turns, runners, rigs. */
import {
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import { sql } from "drizzle-orm";
import { DEFAULT_PROGRAM, NO_ENVIRONMENT, RUNNER_RIGHTS } from "../../../protocol/index.ts";
import type {
  Away,
  Began,
  ContextUse,
  Continued,
  Deletion,
  Delivery,
  Egress,
  LfsPolicy,
  FailureReason,
  Gate,
  GateResult,
  Isolation,
  LeftOut,
  Outcome,
  PortBlock,
  RigEnvironment,
  RunKind,
  RunSpec,
  RunnerRight,
  RunState,
  HostFigures,
  SavedKept,
  SavedPlace,
  ShownCredential,
  Wait,
} from "../../../protocol/index.ts";
import type { SeenTrouble } from "../../model/provider.ts";
import type { TurnState } from "../../model/states.ts";
import type { Repetition } from "../../model/ladder.ts";
import type { KeptTree } from "../../reconcile/saved/kept-tree.ts";
import type { RunResultFact } from "../../reconcile/run-result.ts";
import { at, flag, json } from "./columns.ts";

export const rigs = sqliteTable(
  "rigs",
  {
    id: text("id").primaryKey(),
    name: text("name").notNull(),
    remote: text("remote").notNull(),
    target: text("target").notNull(),
    delivery: text("delivery").$type<Delivery>().notNull(),
    codeReview: flag("code_review").notNull(),
    /** Where saved work goes before it lands. */
    savedWork: text("saved_work").$type<SavedPlace>().notNull().default("remote"),
    gates: json<Gate[]>("gates").notNull(),
    setup: text("setup"),
    egress: json<Egress>("egress").notNull().default("none"),
    lfs: text("lfs").$type<LfsPolicy>().notNull().default("pointers"),
    slots: integer("slots").notNull(),
    state: text("state").$type<"checking" | "ready" | "parked">().notNull(),
    parked: json<FailureReason>("parked"),
    baseline: json<{ oid: string; ok: boolean; gates: GateResult[]; at: number }>("baseline"),
    baselineTries: integer("baseline_tries").notNull().default(0),
    infraSince: at("infra_since"),
    /** The target as it was seen after the baseline: the baseline is to be run on it. */
    movedTo: text("moved_to"),
    /** Commits of the target on which its gates were green, newest first. */
    proven: json<string[]>("proven").notNull().default([]),
    backOffUntil: at("back_off_until"),
    isolationConfirmed: flag("isolation_confirmed").notNull(),
    directMergeConfirmed: flag("direct_merge_confirmed").notNull(),
    /** Runners that work on it have all of these; and since when these are wanted. */
    labels: json<string[]>("labels").notNull().default([]),
    labelsAt: at("labels_at").notNull().default(0),
    /** What its people give its runs; the secrets' values are sealed elsewhere. */
    environment: json<RigEnvironment>("environment").notNull().default(NO_ENVIRONMENT),
    /** What is shown of the credential of its repository. */
    credential: json<ShownCredential>("credential"),
    version: integer("version").notNull().default(1),
    createdAt: at("created_at").notNull(),
    /** A person deletes it; its runs end first. */
    deletion: json<Deletion>("deletion"),
    /** Since when it is in the trash. */
    removedAt: at("removed_at"),
  },
  (t) => [index("rigs_by_name").on(t.name)],
);

export const runs = sqliteTable(
  "runs",
  {
    id: text("id").primaryKey(),
    kind: text("kind").$type<RunKind>().notNull(),
    state: text("state").$type<RunState>().notNull(),
    /** Its runner may not have the model's key: its calls go through the town, which meters them. */
    relayed: flag("relayed").notNull().default(false),
    /** What the model's endpoint last told the town of it; null: its last call went well. */
    relayTrouble: json<SeenTrouble>("relay_trouble"),
    phase: text("phase"),
    outcome: text("outcome").$type<Outcome>(),
    reason: json<FailureReason>("reason"),
    resource: text("resource").notNull(),
    fenceEpoch: integer("fence_epoch").notNull(),
    fenceN: integer("fence_n").notNull(),
    offerSeq: integer("offer_seq").notNull(),
    beadId: text("bead_id"),
    reviewId: text("review_id"),
    rigId: text("rig_id"),
    sessionId: text("session_id"),
    agentId: text("agent_id"),
    runnerId: text("runner_id").notNull(),
    attempt: integer("attempt").notNull(),
    round: integer("round").notNull(),
    model: text("model"),
    spec: json<RunSpec>("spec").notNull(),
    /** Ports that are its own on its host. */
    ports: json<PortBlock>("ports"),
    /** How a rework began. */
    began: json<Began>("began"),
    /** How full its agent's conversation is. */
    context: json<ContextUse>("context"),
    result: json<RunResultFact>("result"),
    /** Why a stop was ordered and by whom; the run goes on until the runner reports its exit. */
    stopOutcome: text("stop_outcome").$type<"stopped_by_town" | "stopped_by_person" | "evicted">(),
    stopReason: text("stop_reason"),
    stopOrderedAt: at("stop_ordered_at"),
    /** What the order says of the run: server/model/outcomes.ts. */
    stopCode: text("stop_code"),
    /** Time of pauses, that its deadlines do not count. */
    frozenMs: integer("frozen_ms").notNull().default(0),
    offeredAt: at("offered_at").notNull(),
    acceptedAt: at("accepted_at"),
    startedAt: at("started_at"),
    endedAt: at("ended_at"),
    /** Set when the rule for this (kind, outcome) has drawn the consequences. */
    settledAt: at("settled_at"),
    progressAt: at("progress_at"),
    /** Of the ladder: the rung that it is on, and from when the time to the next one counts. */
    rung: integer("rung").notNull().default(0),
    rungSince: at("rung_since"),
    /** Something slow by nature is under way until then: the ladder waits for it. */
    busyUntil: at("busy_until"),
    /** How its agent goes in circles, since the last rung. */
    repeating: json<Repetition>("repeating"),
    /** A tree of it that could not be saved, and whether people were told. */
    kept: json<KeptTree>("kept"),
    keptTold: flag("kept_told").notNull().default(true),
    savedRef: text("saved_ref"),
    savedOid: text("saved_oid"),
    savedAt: at("saved_at"),
    /** Lines of it, and those that the disk of its runner alone holds. */
    savedLines: integer("saved_lines").notNull().default(0),
    savedAtRisk: integer("saved_at_risk").notNull().default(0),
    /** What the rig's repository holds of it, why it is kept from there, and what the last try to copy it met. */
    savedRemoteOid: text("saved_remote_oid"),
    savedKept: text("saved_kept").$type<SavedKept>(),
    savedReason: text("saved_reason"),
    savedLeft: json<LeftOut[]>("saved_left").notNull().default([]),
    /** Saved work of an earlier run that is in it. */
    savedContinues: text("saved_continues"),
    /** Why what its agent has written since could not be saved. */
    notSaved: text("not_saved"),
    calls: integer("calls").notNull().default(0),
    inputTokens: integer("input_tokens").notNull().default(0),
    outputTokens: integer("output_tokens").notNull().default(0),
    reasoningTokens: integer("reasoning_tokens").notNull().default(0),
    cacheReadTokens: integer("cache_read_tokens").notNull().default(0),
    cacheWriteTokens: integer("cache_write_tokens").notNull().default(0),
    costMicroUsd: integer("cost_micro_usd").notNull().default(0),
    unpricedCalls: integer("unpriced_calls").notNull().default(0),
  },
  (t) => [
    index("runs_by_state").on(t.state),
    index("runs_unsettled")
      .on(t.id)
      .where(sql`settled_at is null`),
    index("runs_by_bead").on(t.beadId),
    index("runs_by_resource").on(t.resource, t.id),
    index("runs_unsettled_by_resource")
      .on(t.resource, t.id)
      .where(sql`settled_at is null`),
    index("runs_by_review").on(t.reviewId),
    index("runs_at_risk")
      .on(t.beadId)
      .where(sql`saved_at_risk > 0`),
    index("runs_live")
      .on(t.runnerId, t.kind, t.rigId)
      .where(sql`state <> 'ended'`),
  ],
);

/** Runs of rigs that are gone for good: what runners still say of them changes nothing. */
export const purgedRuns = sqliteTable("purged_runs", {
  runId: text("run_id").primaryKey(),
  rigId: text("rig_id").notNull(),
});

/** The highest fence given for each resource. */
export const fences = sqliteTable("fences", {
  resource: text("resource").primaryKey(),
  epoch: integer("epoch").notNull(),
  n: integer("n").notNull(),
});

export const usage = sqliteTable(
  "usage",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    at: at("at").notNull(),
    runId: text("run_id").notNull(),
    beadId: text("bead_id"),
    convoyId: text("convoy_id"),
    rigId: text("rig_id"),
    role: text("role").notNull(),
    model: text("model").notNull(),
    inputTokens: integer("input_tokens").notNull(),
    outputTokens: integer("output_tokens").notNull(),
    reasoningTokens: integer("reasoning_tokens").notNull(),
    cacheReadTokens: integer("cache_read_tokens").notNull(),
    cacheWriteTokens: integer("cache_write_tokens").notNull(),
    costMicroUsd: integer("cost_micro_usd").notNull(),
    /** Its cost is not known, and is 0 here. */
    unpriced: flag("unpriced").notNull().default(false),
    durationMs: integer("duration_ms").notNull(),
    status: integer("status").notNull(),
  },
  (t) => [index("usage_by_run").on(t.runId)],
);

/** What all calls together used; one row. */
export const usageTotals = sqliteTable("usage_totals", {
  id: text("id").primaryKey(),
  calls: integer("calls").notNull(),
  inputTokens: integer("input_tokens").notNull(),
  outputTokens: integer("output_tokens").notNull(),
  reasoningTokens: integer("reasoning_tokens").notNull(),
  cacheReadTokens: integer("cache_read_tokens").notNull(),
  cacheWriteTokens: integer("cache_write_tokens").notNull(),
  costMicroUsd: integer("cost_micro_usd").notNull(),
  unpricedCalls: integer("unpriced_calls").notNull().default(0),
});

export const sessions = sqliteTable("sessions", {
  id: text("id").primaryKey(),
  role: text("role").notNull(),
  agentId: text("agent_id").notNull(),
  createdAt: at("created_at").notNull(),
  /** When a person came to speak, and no run of it was up. */
  awaitedAt: at("awaited_at"),
});

export const turns = sqliteTable(
  "turns",
  {
    id: text("id").primaryKey(),
    sessionId: text("session_id").notNull(),
    /** Order within the session. */
    n: integer("n").notNull(),
    state: text("state").$type<TurnState>().notNull(),
    text: text("text").notNull(),
    /** Whose words began the turn. */
    begunBy: text("begun_by").$type<"person" | "agent" | "machine" | "foreign">().notNull(),
    author: text("author").notNull(),
    runId: text("run_id"),
    tries: integer("tries").notNull().default(0),
    answer: text("answer"),
    note: text("note"),
    /** Why it does not begin. */
    wait: json<Wait>("wait"),
    /** How the conversation went on with it, when it began a run. */
    continued: json<Continued>("continued"),
    /** When what had happened in the town was given to it. */
    digestAt: at("digest_at"),
    createdAt: at("created_at").notNull(),
    startedAt: at("started_at"),
    endedAt: at("ended_at"),
  },
  (t) => [
    uniqueIndex("turns_by_session").on(t.sessionId, t.n),
    index("turns_by_state").on(t.state),
  ],
);

/** The journal of a turn's effects: an equal call in a turn that is run again gets this answer. */
export const turnEffects = sqliteTable(
  "turn_effects",
  {
    turnId: text("turn_id").notNull(),
    key: text("key").notNull(),
    n: integer("n").notNull(),
    tool: text("tool").notNull(),
    arguments: text("arguments").notNull(),
    answer: text("answer").notNull(),
    isError: flag("is_error").notNull(),
    beads: json<string[]>("beads").notNull(),
    at: at("at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.turnId, t.key] })],
);

export const runners = sqliteTable("runners", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  tokenId: text("token_id").notNull(),
  local: flag("local").notNull(),
  incarnation: integer("incarnation").notNull(),
  connection: integer("connection").notNull(),
  state: text("state").$type<"connected" | "suspect" | "lost">().notNull(),
  isolation: text("isolation").$type<Isolation>().notNull(),
  isolationReason: text("isolation_reason"),
  programs: json<string[]>("programs").notNull().default([DEFAULT_PROGRAM]),
  lfs: flag("lfs").notNull().default(false),
  slots: integer("slots").notNull(),
  appVersion: text("app_version").notNull(),
  /** As last told; null: not yet. */
  host: json<HostFigures>("host"),
  spoolEpoch: text("spool_epoch").notNull(),
  /** High-water mark of facts stored, within the spool epoch. */
  spoolSeq: integer("spool_seq").notNull(),
  offerSeq: integer("offer_seq").notNull(),
  lastSeenAt: at("last_seen_at").notNull(),
  /** When it said that it stops; its next hello says otherwise. */
  leavingAt: at("leaving_at"),
  /** A person's word: nothing new for it. */
  away: json<Away>("away"),
  /** What it may be given. */
  rights: json<RunnerRight[]>("rights")
    .notNull()
    .default([...RUNNER_RIGHTS]),
  /** By people's word. */
  labels: json<string[]>("labels").notNull().default([]),
  /** When people last changed its rights or its labels. */
  grantedAt: at("granted_at").notNull().default(0),
  /** Rigs of which it took runs: it has their repositories. */
  warmRigs: json<string[]>("warm_rigs").notNull().default([]),
  /** Its token was revoked: it is no runner of this town any more, unless it joins with another. */
  revokedAt: at("revoked_at"),
});
