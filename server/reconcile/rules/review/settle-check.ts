import type { Rule } from "../../context.ts";
import { parkUnusable } from "../../limits/parking.ts";
import type { Step } from "../../plan.ts";
import type { RunView } from "../../snapshot.ts";
import { isUndecided, redFeedback, redTitle, retryReview, returnForRework } from "../../rework.ts";

/** Red gates go back with their output; gates that could not be run are tried again, nobody blamed. */
export const settleCheck: Rule<RunView> = {
  id: "review/settle-check",
  why: "the gates have been run on the work merged with its target",
  decide(run, context): Step | null {
    const review = run.reviewId ? context.reviews.get(run.reviewId) : undefined;
    if (!review || review.state !== "checking") return null;
    const result = run.result?.kind === "checked" ? run.result : null;
    const expect = [
      { table: "run", id: run.id, state: "ended" },
      { table: "review", id: review.id, state: "checking" },
    ] as const;
    const rig = context.rigs.get(review.rigId);
    const known = result?.headOid === review.headOid && result.green !== null;
    if (result === null || !known || isUndecided(result, rig)) {
      const why = isUndecided(result, rig)
        ? "the gates are red, and the target has moved: its baseline says first who is to blame"
        : `the gates could not be run: ${result?.reason?.message ?? run.reason?.message ?? "the run was lost"}`;
      return {
        rule: this.id,
        key: review.id,
        expect,
        actions: [
          { do: "settle_run", runId: run.id },
          {
            do: "move_review",
            reviewId: review.id,
            event: "check_impossible",
            runId: null,
            text: why,
          },
          retryReview(review, run, context.s),
          ...parkUnusable(this.id, rig, result?.reason ?? run.reason),
        ],
      };
    }
    if (result.green) {
      return {
        rule: this.id,
        key: review.id,
        expect,
        actions: [
          { do: "settle_run", runId: run.id },
          { do: "record_round", reviewId: review.id, gates: result.gates },
          {
            do: "move_review",
            reviewId: review.id,
            event: "check_green",
            runId: null,
            text: "the gates are green",
          },
        ],
      };
    }
    const feedback = redFeedback(result);
    return {
      rule: this.id,
      key: review.id,
      expect,
      actions: [
        { do: "settle_run", runId: run.id },
        { do: "record_round", reviewId: review.id, gates: result.gates, feedback },
        {
          do: "move_review",
          reviewId: review.id,
          event: "check_red",
          runId: null,
          text: `returned: ${redTitle(result)}`,
        },
        ...returnForRework(review, redTitle(result)),
      ],
    };
  },
};
