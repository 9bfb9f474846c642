/**
 * What is in the trash is not there for anybody but the trash: it is not shown, found or decided about. Its rows stay where
 * they are, so that what runners say late is kept, and a rig that is taken back is as it was.
 */
import { and, eq, isNotNull, sql, type SQL } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { Db } from "../database.ts";
import { given, prepared } from "../prepared.ts";
import { rigs } from "../schema/runs.ts";

/** Of a row that names its rig: it is of none that is in the trash. */
export function notInTrash(rigId: SQLiteColumn): SQL {
  return sql`not exists (select 1 from rigs as trashed where trashed.id = ${rigId} and trashed.removed_at is not null)`;
}

const trashed = prepared((db) =>
  db
    .select()
    .from(rigs)
    .where(and(eq(rigs.id, given("id")), isNotNull(rigs.removedAt)))
    .prepare(),
);

/** The rig in the trash with this id; undefined when it is not there. */
export function trashedRig(db: Db, id: string | null): typeof rigs.$inferSelect | undefined {
  return id === null ? undefined : trashed(db).get({ id });
}
