import { and, eq, inArray } from "drizzle-orm";
import { outbox } from "../schema/town.ts";
import type { Tx } from "../tx.ts";

type Owed = Pick<typeof outbox.$inferInsert, "kind" | "subject" | "runnerId" | "argument">;

/** Owes an effect. Rows of one subject are sent in order. */
export function owe(tx: Tx, row: Owed): void {
  tx.db
    .insert(outbox)
    .values({ ...row, state: "owed", nextAt: tx.now })
    .run();
}

export function confirmEffect(tx: Tx, id: number): void {
  tx.db.delete(outbox).where(eq(outbox.id, id)).run();
}

export function retryEffect(
  tx: Tx,
  id: number,
  attempts: number,
  nextAt: number,
  error: string,
): void {
  tx.db
    .update(outbox)
    .set({ attempts, nextAt, error: error.slice(0, 500) })
    .where(eq(outbox.id, id))
    .run();
}

/** Effects of a run that has ended are owed to nobody. */
export function dropEffects(tx: Tx, subject: string): void {
  tx.db.delete(outbox).where(eq(outbox.subject, subject)).run();
}

/** The runner is back: what it is owed goes out now. */
export function hastenEffects(tx: Tx, runnerId: string): void {
  tx.db
    .update(outbox)
    .set({ nextAt: tx.now })
    .where(and(eq(outbox.runnerId, runnerId), inArray(outbox.state, ["owed"])))
    .run();
}
