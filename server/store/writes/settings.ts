import { and, eq } from "drizzle-orm";
import { secrets, settings } from "../schema/town.ts";
import type { Tx } from "../tx.ts";

export function putSetting(tx: Tx, scope: string, key: string, value: unknown): void {
  tx.db
    .insert(settings)
    .values({ scope, key, value })
    .onConflictDoUpdate({ target: [settings.scope, settings.key], set: { value } })
    .run();
}

/** @returns whether it was set */
export function dropSetting(tx: Tx, scope: string, key: string): boolean {
  const dropped = tx.db
    .delete(settings)
    .where(and(eq(settings.scope, scope), eq(settings.key, key)))
    .returning()
    .all();
  return dropped.length > 0;
}

/** Stores a secret that was sealed for this id. `tail` are the last characters that people may see. */
export function putSecret(tx: Tx, id: string, sealed: string, tail: string): void {
  tx.db
    .insert(secrets)
    .values({ id, sealed, tail })
    .onConflictDoUpdate({ target: secrets.id, set: { sealed, tail } })
    .run();
}

export function removeSecret(tx: Tx, id: string): void {
  tx.db.delete(secrets).where(eq(secrets.id, id)).run();
}
