import { and, eq, lt, or, sql } from "drizzle-orm";
import type { AnyImage } from "../../../protocol/index.ts";
import { audit, changes, idempotency, town } from "../schema/town.ts";
import type { Tx } from "../tx.ts";

/** Writes the images of one commit under the next version. Returns that version. */
export function appendChanges(tx: Tx, townId: string, images: readonly AnyImage[]): number {
  const row = tx.db
    .update(town)
    .set({ version: sql`${town.version} + 1` })
    .where(eq(town.id, townId))
    .returning({ version: town.version })
    .get();
  images.forEach((image, n) => {
    tx.db
      .insert(changes)
      .values({ epoch: tx.epoch, version: row.version, n, at: tx.now, image })
      .run();
  });
  return row.version;
}

/** Compaction: changes of earlier epochs and old ones of this, old idempotency rows. */
export function compactFeed(tx: Tx, keptMs: number): void {
  tx.db
    .delete(changes)
    .where(
      or(
        lt(changes.epoch, tx.epoch),
        and(eq(changes.epoch, tx.epoch), lt(changes.at, tx.now - keptMs)),
      ),
    )
    .run();
  tx.db
    .delete(idempotency)
    .where(lt(idempotency.at, tx.now - keptMs))
    .run();
}

export interface Remembered {
  command: string;
  bodyHash: string;
  answer: unknown;
}

export function recallAnswer(tx: Tx, key: string): Remembered | null {
  return tx.db.select().from(idempotency).where(eq(idempotency.key, key)).get() ?? null;
}

export function rememberAnswer(tx: Tx, key: string, remembered: Remembered): void {
  tx.db
    .insert(idempotency)
    .values({ key, ...remembered, at: tx.now })
    .run();
}

export function writeAudit(tx: Tx, command: string, ok: boolean, code: string | null): void {
  tx.db.insert(audit).values({ at: tx.now, actor: tx.actor, command, ok, code }).run();
}
