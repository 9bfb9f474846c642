import { and, eq } from "drizzle-orm";
import type { TimerWish } from "../../reconcile/plan.ts";
import { timers } from "../schema/town.ts";
import type { Tx } from "../tx.ts";

/** Makes the stored timers equal to the wished ones. Returns the earliest due time, or null. */
export function syncTimers(tx: Tx, wishes: readonly TimerWish[]): number | null {
  const stored = new Map(
    tx.db
      .select()
      .from(timers)
      .all()
      .map((row) => [`${row.subject} ${row.kind}`, row]),
  );
  let earliest: number | null = null;
  for (const wish of wishes) {
    const key = `${wish.subject} ${wish.kind}`;
    const row = stored.get(key);
    stored.delete(key);
    if (earliest === null || wish.dueAt < earliest) earliest = wish.dueAt;
    if (row?.dueAt === wish.dueAt) continue;
    tx.db
      .insert(timers)
      .values(wish)
      .onConflictDoUpdate({ target: [timers.subject, timers.kind], set: { dueAt: wish.dueAt } })
      .run();
  }
  for (const gone of stored.values()) {
    tx.db
      .delete(timers)
      .where(and(eq(timers.subject, gone.subject), eq(timers.kind, gone.kind)))
      .run();
  }
  return earliest;
}
