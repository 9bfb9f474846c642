import type { Context, Rule } from "../../context.ts";
import type { Action, Step } from "../../plan.ts";
import type { IssueView, RunView } from "../../snapshot.ts";

/** A verified done becomes a round of the bead's review; an explicit "nothing to do" closes it. */
export const submitForReview: Rule<RunView> = {
  id: "bead/submit-for-review",
  why: "the runner verified the work and pushed its branch",
  decide(run, context) {
    const issue = run.beadId ? context.issues.get(run.beadId) : undefined;
    const result = run.result;
    if (!issue || result?.kind !== "work_done") return null;
    if (result.noChangesReason !== null)
      return nothingToDo(this.id, run, issue, result.noChangesReason, context);
    const round = issue.round;
    return {
      rule: this.id,
      key: issue.id,
      expect: [
        { table: "run", id: run.id, state: "ended" },
        { table: "issue", id: issue.id, state: "in_progress" },
      ],
      actions: [
        { do: "settle_run", runId: run.id },
        { do: "count_run", beadId: issue.id, as: "success", spent: true, backOffUntil: null },
        {
          do: "submit_review",
          beadId: issue.id,
          title: issue.title,
          rigId: issue.rigId,
          headOid: result.headOid,
          baseOid: result.baseOid,
          branch: result.branch,
          summary: result.summary,
          round,
          cycle: issue.cycle,
          runId: run.id,
        },
        {
          do: "move_issue",
          beadId: issue.id,
          event: "submitted",
          runId: null,
          heads: { head: result.headOid, base: result.baseOid },
          text: `submitted round ${round} for review: ${firstLine(result.summary)}`,
        },
      ],
    };
  },
};

function nothingToDo(
  rule: string,
  run: RunView,
  issue: IssueView,
  reason: string,
  { reviews }: Context,
): Step {
  const { id: beadId, reviewId } = issue;
  const mayLand = reviewId !== null && reviews.get(reviewId)?.laneOpen === true;
  return {
    rule,
    key: beadId,
    expect: [
      { table: "run", id: run.id, state: "ended" },
      { table: "issue", id: beadId, state: "in_progress" },
    ],
    actions: [
      { do: "settle_run", runId: run.id },
      ...(mayLand ? closeLater(issue, reason) : [closeNow(beadId, reason)]),
    ],
  };
}

function closeNow(beadId: string, reason: string): Action {
  return {
    do: "move_issue",
    beadId,
    event: "closed_by_outcome",
    outcome: "nothing_to_do",
    runId: null,
    text: `closed without changes: ${reason}`,
  };
}

/** An earlier merge of it was lost: perhaps that is why there is nothing to do. */
function closeLater({ id: beadId, reviewId, closing }: IssueView, reason: string): Action[] {
  const text = `there is nothing to do: ${reason}; first it is found out what an earlier merge did`;
  const wish = { outcome: "nothing_to_do", reason, waitsFor: "lane" } as const;
  return [
    { do: "move_issue", beadId, event: "run_lost", runId: null, text },
    ...(closing === null ? [{ do: "wish_close" as const, beadId, reviewId, closing: wish }] : []),
  ];
}

function firstLine(text: string): string {
  return (text.split("\n", 1)[0] ?? "").slice(0, 200);
}
