import type { Action } from "../../plan.ts";
import type { ReviewView } from "../../snapshot.ts";

/** Sends the reviewed bead back to its author for one more round; part of review/* settling rules. */
export function returnForRework(review: ReviewView, why: string): Action[] {
  return [
    {
      do: "move_issue",
      beadId: review.subjectId,
      event: "returned",
      nextRound: (review.latest?.round ?? 1) + 1,
      text: `returned for rework: ${why}`,
    },
  ];
}
