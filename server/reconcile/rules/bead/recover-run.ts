import { backOffMs } from "../../../model/backoff.ts";
import { countsAs } from "../../../model/outcomes.ts";
import type { Context, Rule } from "../../context.ts";
import type { Action, Step } from "../../plan.ts";
import type { IssueView, RunView } from "../../snapshot.ts";

/** After a stop by a person or a throttle: long enough to close the bead before it is tried again. */
const PAUSE_MS = 30_000;

/** A work run that ended without a verified done sends its bead back, counted by the outcome table. */
export const recoverRun: Rule<RunView> = {
  id: "bead/recover-run",
  why: "the run ended without finished work; the next one starts from what it saved",
  decide(run, context): Step | null {
    const issue = run.beadId ? context.issues.get(run.beadId) : undefined;
    if (!issue) return null;
    const count = countsAs(run.outcome ?? "lost", run.progressed, run.reason?.code ?? null);
    const counted: Action[] =
      count === "nothing" || count === "success"
        ? [
            {
              do: "count_run",
              beadId: issue.id,
              as: "nothing",
              backOffUntil: context.s.now + PAUSE_MS,
            },
          ]
        : [
            {
              do: "count_run",
              beadId: issue.id,
              as: count,
              backOffUntil: nextTryAt(issue, count, context),
            },
          ];
    return {
      rule: this.id,
      key: issue.id,
      expect: [
        { table: "run", id: run.id, state: "ended" },
        { table: "issue", id: issue.id, state: "in_progress" },
      ],
      actions: [
        { do: "settle_run", runId: run.id },
        ...counted,
        {
          do: "move_issue",
          beadId: issue.id,
          event: "run_lost",
          runId: null,
          text: sentence(run),
        },
      ],
    };
  },
};

function nextTryAt(
  issue: IssueView,
  count: "work_attempt" | "start_failure" | "infra",
  { s }: Context,
): number {
  const failures = {
    work_attempt: issue.workAttempts,
    start_failure: issue.startFailures,
    infra: issue.infraFailures,
  }[count];
  return s.now + backOffMs(failures + 1, issue.id, s.policy);
}

function sentence(run: RunView): string {
  const why = run.reason ? `: ${run.reason.message}` : "";
  const saved = run.saved ? `; its work is saved as ${run.saved.oid.slice(0, 10)}` : "";
  return `the run ended as ${run.outcome ?? "lost"}${why}${saved}`;
}
