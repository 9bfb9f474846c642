/** Satellites of the beads that ask for a person or the Mayor. */
import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type {
  AnsweredBy,
  EscalationTarget,
  MailMode,
  MailState,
  QuestionKind,
  QuestionState,
  Severity,
  TriageAction,
  TriageState,
} from "../../../protocol/index.ts";
import { at, flag, json } from "./columns.ts";

/** Its state follows from its times: see server/model/attention-states.ts. */
export const escalations = sqliteTable(
  "escalations",
  {
    beadId: text("bead_id").primaryKey(),
    severity: text("severity").$type<Severity>().notNull(),
    source: text("source").notNull(),
    subjectId: text("subject_id"),
    acknowledgedAt: at("acknowledged_at"),
    resolvedAt: at("resolved_at"),
    target: text("target").$type<EscalationTarget>().notNull().default("person"),
    /** What is raised again under the key of an unresolved one joins it. */
    key: text("key").notNull().default(""),
    /** It is over when its subject is in none of these states; null: when somebody says so. */
    holdsWhile: json<string[]>("holds_while"),
    times: integer("times").notNull().default(1),
    reminders: integer("reminders").notNull().default(0),
    /** Null in rows that are older than reminders. */
    remindAt: at("remind_at"),
    resolution: text("resolution"),
    /** A triage agent may be asked about it; false also when it was. */
    ambiguous: flag("ambiguous").notNull().default(false),
  },
  (t) => [
    index("escalations_ambiguous")
      .on(t.beadId)
      .where(sql`ambiguous = 1`),
    index("escalations_by_subject").on(t.subjectId, t.resolvedAt),
    index("escalations_by_key").on(t.key, t.resolvedAt),
    index("escalations_by_resolved").on(t.resolvedAt, t.beadId),
  ],
);

export const questions = sqliteTable(
  "questions",
  {
    beadId: text("bead_id").primaryKey(),
    kind: text("kind").$type<QuestionKind>().notNull(),
    state: text("state").$type<QuestionState>().notNull(),
    /** The issue bead that it is asked about. */
    workBeadId: text("work_bead_id").notNull(),
    runId: text("run_id").notNull(),
    options: json<string[]>("options").notNull(),
    recommendation: text("recommendation"),
    revertible: flag("revertible").notNull(),
    blocking: flag("blocking").notNull(),
    fallback: text("fallback").notNull(),
    deadlineAt: at("deadline_at").notNull(),
    /** See server/model/question.ts. */
    fingerprint: text("fingerprint").notNull(),
    answer: text("answer"),
    answeredBy: text("answered_by").$type<AnsweredBy>(),
    answeredAt: at("answered_at"),
  },
  (t) => [
    index("questions_by_work_bead").on(t.workBeadId, t.state),
    index("questions_by_state").on(t.state, t.beadId),
  ],
);

/** What people answered: equal questions of the rig get it at once. */
export const rigAnswers = sqliteTable(
  "rig_answers",
  {
    id: text("id").primaryKey(),
    rigId: text("rig_id").notNull(),
    fingerprint: text("fingerprint").notNull(),
    question: text("question").notNull(),
    options: json<string[]>("options").notNull(),
    answer: text("answer").notNull(),
    questionId: text("question_id").notNull(),
    uses: integer("uses").notNull().default(0),
    createdBy: text("created_by").notNull(),
    createdAt: at("created_at").notNull(),
  },
  (t) => [uniqueIndex("rig_answers_by_fingerprint").on(t.rigId, t.fingerprint)],
);

/** Events that wait for the Mayor's next turn, and which turn was given them. */
export const digest = sqliteTable(
  "digest",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    at: at("at").notNull(),
    kind: text("kind").notNull(),
    subjectId: text("subject_id").notNull(),
    text: text("text").notNull(),
    turnId: text("turn_id"),
  },
  (t) => [index("digest_by_turn").on(t.turnId, t.subjectId, t.kind)],
);

/** Messages to agents, one row each. */
export const mails = sqliteTable(
  "mails",
  {
    beadId: text("bead_id").primaryKey(),
    state: text("state").$type<MailState>().notNull(),
    mode: text("mode").$type<MailMode>().notNull(),
    from: text("from").notNull(),
    toId: text("to_id").notNull(),
    /** The run that it is sent to; null while nobody is there. */
    runId: text("run_id"),
    /** A word to that run alone: no later one is given it. */
    onlyRun: flag("only_run").notNull().default(false),
    expiresAt: at("expires_at").notNull(),
    deliveredAt: at("delivered_at"),
    seenAt: at("seen_at"),
  },
  (t) => [
    index("mails_by_recipient").on(t.toId, t.state),
    index("mails_by_run").on(t.runId),
    index("mails_by_state").on(t.state, t.beadId),
  ],
);

/** What a triage agent is asked about. One of an escalation at most. */
export const triageRequests = sqliteTable(
  "triage_requests",
  {
    beadId: text("bead_id").primaryKey(),
    state: text("state").$type<TriageState>().notNull(),
    escalationId: text("escalation_id").notNull(),
    /** The issue bead that it is about. */
    workBeadId: text("work_bead_id").notNull(),
    /** The run that has it, or decided it. */
    runId: text("run_id"),
    tries: integer("tries").notNull().default(0),
    action: text("action").$type<TriageAction>(),
    note: text("note"),
    decidedAt: at("decided_at"),
  },
  (t) => [
    index("triage_requests_by_work_bead").on(t.workBeadId, t.state),
    index("triage_requests_by_escalation").on(t.escalationId),
    index("triage_requests_by_state").on(t.state, t.beadId),
    index("triage_requests_by_run").on(t.runId),
  ],
);
