/** Satellites of the beads that ask for a person or the Mayor. */
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { EscalationTarget, Severity } from "../../../protocol/index.ts";
import { at, json } from "./columns.ts";

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
  },
  (t) => [
    index("escalations_by_subject").on(t.subjectId, t.resolvedAt),
    index("escalations_by_key").on(t.key, t.resolvedAt),
    index("escalations_by_resolved").on(t.resolvedAt, t.beadId),
  ],
);
