import { and, asc, count, eq, isNotNull, isNull } from "drizzle-orm";
import type { Fact } from "../../../protocol/index.ts";
import { inbox } from "../schema/town.ts";
import type { Tx } from "../tx.ts";

export type InboxRow = typeof inbox.$inferSelect;

/** A fact is stored before it is acknowledged. */
export function storeFact(tx: Tx, runnerId: string, fact: Fact): void {
  tx.db.insert(inbox).values({ runnerId, runId: fact.runId, fact }).run();
}

export function nextFacts(tx: Tx, limit: number): InboxRow[] {
  return tx.db
    .select()
    .from(inbox)
    .where(isNull(inbox.deadAt))
    .orderBy(asc(inbox.id))
    .limit(limit)
    .all();
}

export function removeFact(tx: Tx, id: number): void {
  tx.db.delete(inbox).where(eq(inbox.id, id)).run();
}

export function failFact(tx: Tx, row: InboxRow, error: string, dead: boolean): void {
  tx.db
    .update(inbox)
    .set({ attempts: row.attempts + 1, error: error.slice(0, 1_000), deadAt: dead ? tx.now : null })
    .where(eq(inbox.id, row.id))
    .run();
}

/** Dead letters of a run. */
export function countDead(tx: Tx, runId: string): number {
  const dead = and(eq(inbox.runId, runId), isNotNull(inbox.deadAt));
  return tx.db.select({ n: count() }).from(inbox).where(dead).get()?.n ?? 0;
}

/** Whether facts of this runner wait to be applied. */
export function hasPendingFacts(tx: Tx, runnerId: string): boolean {
  const waiting = and(eq(inbox.runnerId, runnerId), isNull(inbox.deadAt));
  return tx.db.select({ id: inbox.id }).from(inbox).where(waiting).limit(1).get() !== undefined;
}
