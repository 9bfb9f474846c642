import { and, desc, eq, lt, or, sql } from "drizzle-orm";
import type { AnyImage } from "../../../protocol/index.ts";
import { audit, changes, idempotency, town } from "../schema/town.ts";
import { given, prepared } from "../prepared.ts";
import type { Db } from "../database.ts";
import type { Tx } from "../tx.ts";

const nextVersion = prepared((db) =>
  db
    .update(town)
    .set({ version: sql`${town.version} + 1` })
    .where(eq(town.id, given("townId")))
    .returning({ version: town.version })
    .prepare(),
);
const insertChange = prepared((db) =>
  db
    .insert(changes)
    .values({
      epoch: given("epoch"),
      version: given("version"),
      n: given("n"),
      at: given("at"),
      image: sql`${given("image")}`,
    })
    .prepare(),
);
const remembered = prepared((db) =>
  db
    .select()
    .from(idempotency)
    .where(eq(idempotency.key, given("key")))
    .prepare(),
);
const remember = prepared((db) =>
  db
    .insert(idempotency)
    .values({
      key: given("key"),
      command: given("command"),
      bodyHash: given("bodyHash"),
      answer: sql`${given("answer")}`,
      at: given("at"),
    })
    .prepare(),
);
const insertAudit = prepared((db) =>
  db
    .insert(audit)
    .values({
      at: given("at"),
      actor: given("actor"),
      command: given("command"),
      ok: given("ok"),
      code: given("code"),
      subject: given("subject"),
      text: given("text"),
    })
    .prepare(),
);

/** When the town last wrote what people see, or null when nothing of it is kept. */
export function lastChangeAt(db: Db): number | null {
  const { at, epoch, version } = changes;
  const last = db.select({ at }).from(changes).orderBy(desc(epoch), desc(version)).limit(1).get();
  return last?.at ?? null;
}

/** Writes the images of one commit under the next version. Returns that version. */
export function appendChanges(tx: Tx, townId: string, images: readonly AnyImage[]): number {
  const { version } = nextVersion(tx.db).get({ townId });
  const insert = insertChange(tx.db);
  images.forEach((image, n) => {
    insert.run({ epoch: tx.epoch, version, n, at: tx.now, image: JSON.stringify(image) });
  });
  return version;
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
  return remembered(tx.db).get({ key }) ?? null;
}

export function rememberAnswer(tx: Tx, key: string, answer: Remembered): void {
  remember(tx.db).run({ ...answer, key, answer: JSON.stringify(answer.answer), at: tx.now });
}

export function writeAudit(
  tx: Tx,
  command: string,
  ok: boolean,
  code: string | null,
  more: { subject: string | null; text: string | null } = { subject: null, text: null },
): void {
  insertAudit(tx.db).run({ at: tx.now, actor: tx.actor, command, ok, code, ...more });
}
