import { isStall } from "../../../model/ladder.ts";
import type { Rule } from "../../context.ts";
import { policyOf } from "../../policy-of.ts";
import type { IssueView, RunView, Snapshot } from "../../snapshot.ts";
import { recovered } from "./recover-run.ts";

/** Whether this end is one stall too many of the bead, on end. */
export function stallsTooOften(run: RunView, issue: IssueView | undefined, s: Snapshot): boolean {
  if (!issue || !isStall(run.outcome, run.reason)) return false;
  return issue.stalls + 1 >= policyOf(s, issue.rigId).stallsMax;
}

/** The last rung: one run after the other stands still. The bead goes on trying; a person is told what may be wrong with it. */
export const escalateStalled: Rule<RunView> = {
  id: "bead/escalate-stalled",
  why: "one run of the bead after the other stands still",
  decide(run, context) {
    const issue = run.beadId ? context.issues.get(run.beadId) : undefined;
    if (!issue) return null;
    const step = recovered(this.id, run, issue, context);
    const told = `${issue.stalls + 1} runs of it on end stood still. The last: ${run.reason?.message ?? ""} Its work is saved, and it is tried again. Perhaps it is too large, unclear, or cannot be done here: look at its last run, then make it clearer or close it.`;
    return {
      ...step,
      actions: [
        ...step.actions,
        {
          do: "escalate",
          title: `Stands still: ${issue.title}`.slice(0, 200),
          body: told,
          severity: "high",
          rule: this.id,
          subjectId: issue.id,
          holdsWhile: ["open", "in_progress"],
          ambiguous: true,
          rigId: issue.rigId,
        },
      ],
    };
  },
};
