import { and, eq, inArray, ne } from "drizzle-orm";
import { outbox } from "../schema/town.ts";
import { given, prepared } from "../prepared.ts";
import type { Tx } from "../tx.ts";
import { addRow, changeRow, removeRow } from "../rows.ts";

type Owed = Pick<typeof outbox.$inferInsert, "kind" | "subject" | "runnerId" | "argument">;

/** Owes an effect, at once or for later. Rows of one subject are sent in order. */
export function owe(tx: Tx, row: Owed, at = tx.now): void {
  addRow(tx.db, outbox, { ...row, state: "owed", nextAt: at });
}

export function confirmEffect(tx: Tx, id: number): void {
  removeRow(tx.db, outbox, id);
}

export function retryEffect(
  tx: Tx,
  id: number,
  attempts: number,
  nextAt: number,
  error: string,
): void {
  changeRow(tx.db, outbox, id, { attempts, nextAt, error: error.slice(0, 500) });
}

/** Effects of a run that has ended are owed to nobody. */
export function dropEffects(tx: Tx, subject: string): void {
  drop(tx.db).run({ subject });
}
const drop = prepared((db) =>
  db
    .delete(outbox)
    .where(eq(outbox.subject, given("subject")))
    .prepare(),
);

/** The runner is back: what it is owed goes out now, but what is owed for later. */
export function hastenEffects(tx: Tx, runnerId: string): void {
  tx.db
    .update(outbox)
    .set({ nextAt: tx.now })
    .where(
      and(
        eq(outbox.runnerId, runnerId),
        inArray(outbox.state, ["owed"]),
        ne(outbox.kind, "run.forget"),
      ),
    )
    .run();
}
