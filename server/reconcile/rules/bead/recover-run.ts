import type { FailureReason } from "../../../../protocol/index.ts";
import { backOffMs } from "../../../model/backoff.ts";
import { isStall } from "../../../model/ladder.ts";
import { personsMatter, type CountsAs } from "../../../model/outcomes.ts";
import type { Context, Rule } from "../../context.ts";
import { policyOf } from "../../policy-of.ts";
import { parkRig } from "../../limits/parking.ts";
import { providerActions, runCounts } from "../../limits/provider.ts";
import type { Action, Step } from "../../plan.ts";
import type { IssueView, RunView, Snapshot } from "../../snapshot.ts";

/** After a stop by a person: long enough to close the bead before it is tried again. */
const PAUSE_MS = 30_000;

/** A work run that ended without a verified done sends its bead back, counted by the outcome table. */
export const recoverRun: Rule<RunView> = {
  id: "bead/recover-run",
  why: "the run ended without finished work; the next one starts from what it saved",
  decide(run, context): Step | null {
    const issue = run.beadId ? context.issues.get(run.beadId) : undefined;
    return issue ? recovered(this.id, run, issue, context) : null;
  },
};

/** The bead goes back to open, with the end of its run counted. */
export function recovered(rule: string, run: RunView, issue: IssueView, context: Context): Step {
  const ended = runCounts(run);
  // It says that it is done and brought nothing that was verified: a try of the bead like any other.
  // Its run was stopped to wait for an answer: nobody's fault.
  const waits = issue.asked.some((each) => each.state === "open" && each.blocking);
  const blamed = ended === "success" ? brought(issue) : ended;
  const as = waits && run.outcome === "stopped_by_town" ? "nothing" : blamed;
  return {
    rule,
    key: issue.id,
    expect: [
      { table: "run", id: run.id, state: "ended" },
      { table: "issue", id: issue.id, state: "in_progress" },
    ],
    actions: [
      { do: "settle_run", runId: run.id },
      {
        do: "count_run",
        beadId: issue.id,
        as,
        spent: isSpent(as, run),
        ...stallOf(as, run),
        backOffUntil: nextTryAt(issue, run, as, context.s),
      },
      {
        do: "move_issue",
        beadId: issue.id,
        event: "run_lost",
        runId: null,
        text: sentence(run),
      },
      ...parking(rule, issue, run, as, context),
      ...providerActions(run, context.s),
    ],
  };
}

/** Without what was verified it was a try; what is done of a bead that a person has taken is nobody's. */
function brought({ taken }: IssueView): CountsAs {
  return taken === null ? "work_attempt" : "nothing";
}

/** What infrastructure, the provider or a person ended says nothing of the agent. */
function stallOf(as: CountsAs, run: RunView): { stalled?: boolean } {
  if (as === "infra" || as === "nothing" || as === "person") return {};
  return { stalled: isStall(run.outcome, run.reason) };
}

/** A run that was never up cost nothing but time; what the provider or a person ended is nobody's try. */
function isSpent(as: CountsAs, run: RunView): boolean {
  if (as === "work_attempt" || as === "start_failure") return true;
  return as === "infra" && run.startedAt !== null;
}

function nextTryAt(issue: IssueView, run: RunView, as: CountsAs, { now, policy }: Snapshot) {
  const failures = {
    work_attempt: issue.workAttempts - issue.workAttemptsForgiven,
    start_failure: issue.startFailures,
    infra: issue.infraFailures,
  };
  if (as === "work_attempt" || as === "start_failure" || as === "infra")
    return now + backOffMs(failures[as] + 1, issue.id, policy);
  return run.outcome === "stopped_by_person" ? now + PAUSE_MS : null;
}

/** What only a person can mend waits for him, instead of costing one run after another. */
function parking(
  rule: string,
  issue: IssueView,
  run: RunView,
  as: CountsAs,
  { s, rigs }: Context,
): Action[] {
  const reason = run.reason;
  const rig = rigs.get(issue.rigId);
  if (as === "person" && reason)
    return personsMatter(reason.code) === "rig" && rig
      ? parkRig(rule, rig, reason)
      : parkBead(rule, issue, reason);
  const since = issue.infraSince ?? s.now;
  if (as !== "infra" || s.now - since < policyOf(s, issue.rigId).infraPatienceMs) return [];
  const hours = Math.round((s.now - since) / 3_600_000);
  return parkBead(rule, issue, {
    code: "infrastructure",
    message: `its runs have been failed by infrastructure for ${hours} hours, at last: ${reason?.message ?? run.outcome ?? "lost"}`,
    source: rule,
  });
}

function parkBead(rule: string, issue: IssueView, reason: FailureReason): Action[] {
  return [
    { do: "park_issue", beadId: issue.id, reason },
    {
      do: "escalate",
      title: `Parked: ${issue.title}`.slice(0, 200),
      body: `${reason.message} Its work is saved. Nothing is dispatched for it before you have mended this and resumed it: gastown call bead.resume '{"bead":"${issue.id}"}'`,
      severity: "high",
      rule,
      subjectId: issue.id,
      holdsWhile: ["parked"],
      rigId: issue.rigId,
    },
  ];
}

function sentence(run: RunView): string {
  const why = run.reason ? `: ${run.reason.message}` : "";
  const saved = run.saved ? `; its work is saved as ${run.saved.oid.slice(0, 10)}` : "";
  return `the run ended as ${run.outcome ?? "lost"}${why}${saved}`;
}
