/**
 * What runners say of saved work: where the bytes of a run are. Kept whatever the fence of the run and
 * whether it lives: whose run it was does not matter to who looks for its work.
 */
import { and, eq, gt, isNotNull } from "drizzle-orm";
import type { FactOf } from "../../protocol/index.ts";
import { issues } from "../store/schema/beads.ts";
import { runs } from "../store/schema/runs.ts";
import { given, prepared } from "../store/prepared.ts";
import { changeRow, valueAt } from "../store/rows.ts";
import type { Tx } from "../store/tx.ts";
import { tookGiven } from "../store/writes/saved/taken.ts";
import { attachSavedWork } from "../store/writes/issues.ts";
import { oweLate } from "../store/writes/saved/saved-refs.ts";
import { touchTown } from "../store/writes/limits/limits.ts";

type RunRow = typeof runs.$inferSelect;

export function saveWork(tx: Tx, run: RunRow, body: FactOf<"saved_work">): void {
  const { ref, oid, baseOid, lines, atRisk, continues, kept, left } = body;
  changeRow(tx.db, runs, run.id, {
    ...{ savedRef: ref, savedOid: oid, savedAt: tx.now, savedLines: lines, savedAtRisk: atRisk },
    ...{ savedKept: kept, savedReason: null, savedLeft: left, savedContinues: continues },
    notSaved: null,
  });
  if (run.beadId !== null && continues !== null) takeOver(tx, run.beadId, continues);
  if (run.kind === "work" && run.beadId !== null && !hasNewerSavedWork(tx, run))
    attachSavedWork(tx, run.beadId, { ref, oid, baseOid, runId: run.id });
  tookGiven(tx, run, false);
  if (run.beadId !== null) oweLate(tx, run.beadId);
  touchSaved(tx, run, run.savedAtRisk !== atRisk || continues !== null);
}

export function noteCopy(tx: Tx, run: RunRow, body: FactOf<"saved_copy">): void {
  const { oid, atRisk, reason } = body;
  const isNewest = run.savedOid === oid;
  changeRow(tx.db, runs, run.id, {
    ...(reason === null && { savedRemoteOid: oid }),
    // Of an older save it says nothing that counts: the newest is copied next.
    ...(isNewest && { savedAtRisk: atRisk, savedReason: reason }),
  });
  touchSaved(tx, run, isNewest && run.savedAtRisk !== atRisk);
}

/** Only while it lives: of what is left of an ended run its runner tells by its tree. */
export function noteUnsaved(tx: Tx, run: RunRow, { reason }: FactOf<"not_saved">): void {
  if (run.state === "ended") return;
  changeRow(tx.db, runs, run.id, { notSaved: reason });
  tx.touch("run", run.id);
}

/** The work of earlier runs is in the one that goes on from it, and counted there. */
function takeOver(tx: Tx, beadId: string, continued: string): void {
  for (let oid: string | null = continued; oid !== null;) {
    const [earlier] = takenOver(tx.db).all({ beadId, oid });
    if (earlier) tx.touch("run", earlier.id);
    oid = earlier?.continues ?? null;
  }
}
const takenOver = prepared((db) =>
  db
    .update(runs)
    .set({ savedAtRisk: 0 })
    // One whose lines were taken over is not met twice, so that this ends.
    .where(
      and(
        eq(runs.beadId, given("beadId")),
        eq(runs.savedOid, given("oid")),
        gt(runs.savedAtRisk, 0),
      ),
    )
    .returning({ id: runs.id, continues: runs.savedContinues })
    .prepare(),
);

function touchSaved(tx: Tx, run: RunRow, ofTown: boolean): void {
  tx.touch("run", run.id);
  if (run.beadId !== null && valueAt(tx.db, issues.savedRunId, run.beadId) === run.id)
    tx.touch("issue", run.beadId);
  if (ofTown) touchTown(tx);
}

/** A late word of an old run does not take the place of what a later one saved. Ids sort by time. */
function hasNewerSavedWork(tx: Tx, run: RunRow): boolean {
  const newer = and(
    eq(runs.resource, run.resource),
    eq(runs.kind, "work"),
    isNotNull(runs.savedOid),
    gt(runs.id, run.id),
  );
  return tx.db.select({ id: runs.id }).from(runs).where(newer).limit(1).get() !== undefined;
}
