import { and, asc, count, eq, isNotNull, isNull } from "drizzle-orm";
import type { Fact } from "../../../protocol/index.ts";
import { inbox } from "../schema/town.ts";
import { given, prepared } from "../prepared.ts";
import type { Tx } from "../tx.ts";
import { addRow, changeRow, removeRow } from "../rows.ts";

export type InboxRow = typeof inbox.$inferSelect;

/** A fact is stored before it is acknowledged. */
export function storeFact(tx: Tx, runnerId: string, fact: Fact): void {
  addRow(tx.db, inbox, { runnerId, runId: fact.runId, fact });
}

export function nextFacts(tx: Tx, limit: number): InboxRow[] {
  return waiting(tx.db).all({ limit });
}
const waiting = prepared((db) =>
  db
    .select()
    .from(inbox)
    .where(isNull(inbox.deadAt))
    .orderBy(asc(inbox.id))
    .limit(given("limit"))
    .prepare(),
);

export function removeFact(tx: Tx, id: number): void {
  removeRow(tx.db, inbox, id);
}

export function failFact(tx: Tx, row: InboxRow, error: string, dead: boolean): void {
  changeRow(tx.db, inbox, row.id, {
    attempts: row.attempts + 1,
    error: error.slice(0, 1_000),
    deadAt: dead ? tx.now : null,
  });
}

/** Dead letters of a run. */
export function countDead(tx: Tx, runId: string): number {
  const dead = and(eq(inbox.runId, runId), isNotNull(inbox.deadAt));
  return tx.db.select({ n: count() }).from(inbox).where(dead).get()?.n ?? 0;
}

/** Whether facts of this runner wait to be applied. */
export function hasPendingFacts(tx: Tx, runnerId: string): boolean {
  const ofRunner = and(eq(inbox.runnerId, runnerId), isNull(inbox.deadAt));
  return tx.db.select({ id: inbox.id }).from(inbox).where(ofRunner).limit(1).get() !== undefined;
}
