/** Rigs on their way into the trash and back. Everything of them stays stored: it is only not there for anybody. */
import { and, eq, isNull, ne } from "drizzle-orm";
import type { Deletion } from "../../../../protocol/index.ts";
import { BEAD_TYPES } from "../../../model/bead-types.ts";
import { changeRow, rowAt } from "../../rows.ts";
import { beads, ready } from "../../schema/beads.ts";
import { rigs, runs } from "../../schema/runs.ts";
import type { Tx } from "../../tx.ts";
import { touchTown } from "../limits/limits.ts";
import { movePatience } from "../limits/pauses.ts";

/** A person's wish: nothing new of the rig is started, and its runs are told to stop. */
export function beginDeletion(tx: Tx, rigId: string, deletion: Deletion): void {
  changeRow(tx.db, rigs, rigId, { deletion });
  touchLive(tx, rigId);
}

/** The wish is taken back before the rig was in the trash. */
export function endDeletion(tx: Tx, rigId: string): void {
  changeRow(tx.db, rigs, rigId, { deletion: null });
  touchLive(tx, rigId);
}

function touchLive(tx: Tx, rigId: string): void {
  tx.touch("rig", rigId);
  const live = tx.db
    .select({ id: runs.id })
    .from(runs)
    .where(and(eq(runs.rigId, rigId), ne(runs.state, "ended")));
  for (const { id } of live.all()) tx.touch("run", id);
}

/** From now on the rig, its beads and what belongs to them are in the trash. */
export function putInTrash(tx: Tx, rigId: string): void {
  changeRow(tx.db, rigs, rigId, { removedAt: tx.now });
  tx.db.delete(ready).where(eq(ready.rigId, rigId)).run();
  touchShown(tx, rigId);
}

/**
 * The rig is as it was, under this name. Its time in the trash counts for nobody's patience; its target may have moved, so
 * that its baseline is run again.
 */
export function takeOutOfTrash(tx: Tx, rigId: string, name: string): void {
  const row = rowAt(tx.db, rigs, rigId);
  if (!row) throw new Error(`rig ${rigId} is gone`);
  movePatience(tx, { kind: "rig", subject: rigId }, tx.now - (row.removedAt ?? tx.now));
  changeRow(tx.db, rigs, rigId, {
    ...{ name, removedAt: null, deletion: null, version: row.version + 1 },
    ...{ state: "checking", parked: null, baselineTries: 0, movedTo: null, backOffUntil: null },
    infraSince: null,
  });
  touchShown(tx, rigId);
}

/** Everything of the rig that viewers may have: it is there no more, or again. */
function touchShown(tx: Tx, rigId: string): void {
  tx.touch("rig", rigId);
  touchTown(tx);
  const shown = tx.db
    .select({ id: beads.id, type: beads.type })
    .from(beads)
    .where(and(eq(beads.rigId, rigId), isNull(beads.archivedAt)));
  for (const { id, type } of shown.all()) tx.touch(BEAD_TYPES[type].image, id);
}
