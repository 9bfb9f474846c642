/** Merges that were cut off: where they would land must not change before it is known that they do not. */
import { and, eq } from "drizzle-orm";
import { refuse, type Result } from "../../../protocol/index.ts";
import { beads, issues, reviews } from "../../store/schema/beads.ts";
import type { Tx } from "../../store/tx.ts";

/** Whether a lost merge of the bead, or of any bead of the rig, may still land. */
export function mayStillLand(tx: Tx, of: { bead: string } | { rig: string }): boolean {
  const found = tx.db
    .select({ id: issues.beadId })
    .from(issues)
    .innerJoin(beads, eq(beads.id, issues.beadId))
    .innerJoin(reviews, eq(reviews.beadId, issues.reviewId))
    .where(
      and(
        eq(reviews.laneOpen, true),
        "bead" in of ? eq(issues.beadId, of.bead) : eq(beads.rigId, of.rig),
      ),
    )
    .limit(1)
    .get();
  return found !== undefined;
}

export function cutOff(): Result<never> {
  return refuse(
    "busy",
    "a merge was cut off and may still land: let it be tried again, or cancel its bead, which makes sure that nothing lands.",
    { retryable: true, minBackoffMs: 5_000 },
  );
}
