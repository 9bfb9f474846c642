/** Whether a bead may be tried again. */
import type { FailureReason } from "../../../protocol/index.ts";
import { policyOf } from "../policy-of.ts";
import type { IssueView, Snapshot } from "../snapshot.ts";

/** Why the bead may not be tried again, or null. */
export function exhaustion(issue: IssueView, s: Snapshot): FailureReason | null {
  const source = "bead/fail-exhausted";
  const policy = policyOf(s, issue.rigId);
  if (issue.workAttempts - issue.workAttemptsForgiven >= policy.workAttemptsMax)
    return {
      code: "work_attempts",
      message: `${issue.workAttempts} runs ended without finished work`,
      source,
    };
  if (issue.startFailures >= policy.startFailuresMax)
    return {
      code: "start_failures",
      message: `${issue.startFailures} runs could not be started`,
      source,
    };
  if (issue.runsSpent - issue.runsForgiven >= policy.runsPerBeadMax)
    return { code: "runs", message: `${issue.runsSpent} runs were spent on it`, source };
  return null;
}

/** The bead ends: first nothing of it may be able to land any more. */
export function withdraws(issue: IssueView, s: Snapshot): boolean {
  return issue.closing !== null || (issue.state === "open" && exhaustion(issue, s) !== null);
}
