/** Saved work as the town's own figures have it. */
import { and, eq, sql } from "drizzle-orm";
import { given, prepared } from "../../prepared.ts";
import { runs } from "../../schema/runs.ts";
import type { Tx } from "../../tx.ts";
import { touchTown } from "../limits/limits.ts";

/** The bead ends, goes on or is gone: its lines at risk count no more, or again. */
export function touchRisk(tx: Tx, beadId: string): void {
  if (atRisk(tx.db).get({ beadId }) !== undefined) touchTown(tx);
}
const atRisk = prepared((db) =>
  db
    .select({ id: runs.id })
    .from(runs)
    .where(and(eq(runs.beadId, given("beadId")), sql`saved_at_risk > 0`))
    .limit(1)
    .prepare(),
);
