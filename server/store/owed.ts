/** What the outbox owes now. Rows of a subject go out in order: a later one waits for the earlier. */
import { and, asc, eq, sql, type SQL } from "drizzle-orm";
import { given, prepared } from "./prepared.ts";
import type { Db } from "./database.ts";
import { outbox } from "./schema/town.ts";

export type OwedRow = typeof outbox.$inferSelect;

/** Effects that one look starts; the rest with the next. */
const DUE_MAX = 2_000;

const reachable = sql`${outbox.runnerId} in (select value from json_each(${given("online")}))`;
const foremost = sql`not exists (select 1 from outbox earlier where earlier.subject = ${outbox.subject} and earlier.id < ${outbox.id} and earlier.state = 'owed')`;

const rows = (db: Db, when: SQL) =>
  db
    .select()
    .from(outbox)
    .where(and(eq(outbox.state, "owed"), when, reachable, foremost));
const due = prepared((db) =>
  rows(db, sql`${outbox.nextAt} <= ${given("now")}`)
    .orderBy(asc(outbox.nextAt), asc(outbox.id))
    .limit(DUE_MAX)
    .prepare(),
);
const later = prepared((db) =>
  rows(db, sql`${outbox.nextAt} > ${given("now")}`)
    .orderBy(asc(outbox.nextAt))
    .limit(1)
    .prepare(),
);

/** The foremost effect of each subject that is due, for runners that can be reached. */
export function dueEffects(db: Db, now: number, online: readonly string[]): OwedRow[] {
  return due(db).all({ now, online: JSON.stringify(online) });
}

/** When the next one is due that is not yet, or null. */
export function nextEffectAt(db: Db, now: number, online: readonly string[]): number | null {
  return later(db).get({ now, online: JSON.stringify(online) })?.nextAt ?? null;
}
