/** The ready index, and what a bead or review is said to wait for. */
import { eq } from "drizzle-orm";
import type { Wait } from "../../../protocol/index.ts";
import { STAGE, type Ready } from "../../reconcile/stages.ts";
import { issues, ready as readyRows, reviews } from "../schema/beads.ts";
import type { Tx } from "../tx.ts";

/** Says what a subject waits for; its row of the index is there exactly when that is capacity alone. */
export function setWait(
  tx: Tx,
  subject: "issue" | "review",
  id: string,
  wait: Wait | null,
  ready: Ready | null,
): void {
  const table = subject === "issue" ? issues : reviews;
  tx.db.update(table).set({ wait }).where(eq(table.beadId, id)).run();
  tx.touch(subject, id);
  if (ready === null) return unqueue(tx, id);
  const row = { ...ready, stage: STAGE[ready.stage] };
  tx.db
    .insert(readyRows)
    .values(row)
    .onConflictDoUpdate({ target: readyRows.subjectId, set: row })
    .run();
}

/** Its state has moved: whether it waits for capacity is decided again. */
export function unqueue(tx: Tx, id: string): void {
  tx.db.delete(readyRows).where(eq(readyRows.subjectId, id)).run();
}
