/** The town itself, its settings, queues and feed. */
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { AnyImage, Fact } from "../../../protocol/index.ts";
import { at, flag, json } from "./columns.ts";

export const town = sqliteTable("town", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  /** Rises at every start and restore. */
  epoch: integer("epoch").notNull(),
  /** Fences have at least this epoch: runners know lower ones that this data does not. */
  fenceEpochMin: integer("fence_epoch_min").notNull().default(0),
  /** Feed version within the epoch. */
  version: integer("version").notNull(),
  demo: flag("demo").notNull(),
  sessionId: text("session_id").notNull(),
  /** Names that were given to agents: none is given twice. */
  namesGiven: integer("names_given").notNull().default(0),
  /** Triage runs on end that left a request undecided, and until when none is started. */
  triageFailures: integer("triage_failures").notNull().default(0),
  triageUntilAt: at("triage_until_at"),
  createdAt: at("created_at").notNull(),
  startedAt: at("started_at").notNull(),
  stoppedCleanly: flag("stopped_cleanly").notNull(),
});

export const settings = sqliteTable(
  "settings",
  {
    scope: text("scope").notNull(),
    key: text("key").notNull(),
    value: json<unknown>("value").notNull(),
  },
  (t) => [primaryKey({ columns: [t.scope, t.key] })],
);

/** Sealed secrets; the row id is bound into the seal. */
export const secrets = sqliteTable("secrets", {
  id: text("id").primaryKey(),
  sealed: text("sealed").notNull(),
  tail: text("tail").notNull(),
});

/** Runner facts received and not yet applied; kept when dead-lettered. */
export const inbox = sqliteTable(
  "inbox",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    runnerId: text("runner_id").notNull(),
    runId: text("run_id").notNull(),
    fact: json<Fact>("fact").notNull(),
    attempts: integer("attempts").notNull().default(0),
    deadAt: at("dead_at"),
    error: text("error"),
  },
  (t) => [index("inbox_by_dead").on(t.deadAt)],
);

/** Effects owed, in order per subject. Removed when confirmed; kept when dead. */
export const outbox = sqliteTable(
  "outbox",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    kind: text("kind")
      .$type<"run.offer" | "run.stop" | "run.mail" | "run.forget" | "rig.purge" | "session.turn">()
      .notNull(),
    subject: text("subject").notNull(),
    runnerId: text("runner_id").notNull(),
    argument: text("argument").notNull().default(""),
    state: text("state").$type<"owed" | "dead">().notNull(),
    attempts: integer("attempts").notNull().default(0),
    nextAt: at("next_at").notNull(),
    error: text("error"),
  },
  (t) => [index("outbox_by_state").on(t.state, t.nextAt), index("outbox_by_subject").on(t.subject)],
);

export const timers = sqliteTable(
  "timers",
  {
    subject: text("subject").notNull(),
    kind: text("kind").notNull(),
    dueAt: at("due_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.subject, t.kind] }), index("timers_by_due").on(t.dueAt)],
);

/** The change feed with after-images. */
export const changes = sqliteTable(
  "changes",
  {
    epoch: integer("epoch").notNull(),
    version: integer("version").notNull(),
    n: integer("n").notNull(),
    at: at("at").notNull(),
    image: json<AnyImage>("image").notNull(),
  },
  (t) => [primaryKey({ columns: [t.epoch, t.version, t.n] })],
);

export const idempotency = sqliteTable(
  "idempotency",
  {
    key: text("key").primaryKey(),
    command: text("command").notNull(),
    bodyHash: text("body_hash").notNull(),
    answer: json<unknown>("answer").notNull(),
    at: at("at").notNull(),
  },
  (t) => [index("idempotency_by_time").on(t.at)],
);

export const audit = sqliteTable(
  "audit",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    at: at("at").notNull(),
    actor: text("actor").notNull(),
    command: text("command").notNull(),
    subject: text("subject"),
    ok: flag("ok").notNull(),
    code: text("code"),
    /** Of a terminal: what was typed in it, as far as it was shown. */
    text: text("text"),
  },
  (t) => [index("audit_by_time").on(t.at)],
);
