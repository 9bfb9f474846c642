/** The end of saved work: its refs are deleted by name, some time after its bead has ended. */
import { and, eq, isNotNull, or, sql } from "drizzle-orm";
import { given, prepared } from "../../prepared.ts";
import { changeRow, rowAt, valueAt } from "../../rows.ts";
import { beads, issues } from "../../schema/beads.ts";
import { runs } from "../../schema/runs.ts";
import type { Tx } from "../../tx.ts";
import { touchTown } from "../limits/limits.ts";
import { dropEffects, owe } from "../outbox.ts";

/** It was to take what a person gave: that lies in a ref too. */
const isHanded = sql`json_extract(${runs.spec}, '$.handed') is not null`;

const withSaved = prepared((db) =>
  db
    .select({ id: runs.id, runnerId: runs.runnerId })
    .from(runs)
    .where(and(eq(runs.beadId, given("beadId")), or(isNotNull(runs.savedRef), isHanded)))
    .prepare(),
);

/** Owes the end of a bead's saved work: after the time that it is kept, or at once when the bead is deleted. */
export function oweForgetting(tx: Tx, beadId: string, keptMs: number): void {
  for (const { id, runnerId } of withSaved(tx.db).all({ beadId })) {
    dropEffects(tx, subjectOf(id));
    const row = { kind: "run.forget", subject: subjectOf(id), runnerId, argument: id } as const;
    owe(tx, row, tx.now + keptMs);
  }
}

/** Work that was saved, or told, after its bead had ended. */
export function oweLate(tx: Tx, beadId: string): void {
  const status = valueAt(tx.db, beads.status, beadId);
  if (status === undefined || status === "closed")
    oweForgetting(tx, beadId, tx.policy.savedWorkKeptMs);
}

/** Its runner has deleted them, here and in the rig's repository. */
export function forgetSaved(tx: Tx, runId: string): void {
  const run = rowAt(tx.db, runs, runId);
  if (!run) return;
  changeRow(tx.db, runs, runId, { savedRef: null, savedRemoteOid: null, savedAtRisk: 0 });
  tx.touch("run", runId);
  if (run.savedAtRisk > 0) touchTown(tx);
  if (run.beadId === null || valueAt(tx.db, issues.savedRunId, run.beadId) !== runId) return;
  const forgotten = { savedRef: null, savedOid: null, savedBaseOid: null, savedRunId: null };
  changeRow(tx.db, issues, run.beadId, forgotten);
  tx.touch("issue", run.beadId);
}

/** Of its own: effects of the run itself end with it. */
function subjectOf(runId: string): string {
  return `saved:${runId}`;
}
