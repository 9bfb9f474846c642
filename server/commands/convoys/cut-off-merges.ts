/** Merges under way, or cut off: where they would land must not change before it is known whether they did. */
import { and, eq, or } from "drizzle-orm";
import { refuse, type Result } from "../../../protocol/index.ts";
import { beads, issues, reviews } from "../../store/schema/beads.ts";
import type { Tx } from "../../store/tx.ts";

/** Whether a merge of the bead, or of any bead of the rig, may still land. */
export function mayStillLand(tx: Tx, of: { bead: string } | { rig: string }): boolean {
  const found = tx.db
    .select({ id: issues.beadId })
    .from(issues)
    .innerJoin(beads, eq(beads.id, issues.beadId))
    .innerJoin(reviews, eq(reviews.beadId, issues.reviewId))
    .where(
      and(
        or(eq(reviews.laneOpen, true), eq(reviews.state, "merging")),
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
    "a merge is under way, or was cut off and may still land: it settles in a moment, or cancel its bead, which makes sure that nothing lands.",
    { retryable: true, minBackoffMs: 5_000 },
  );
}
