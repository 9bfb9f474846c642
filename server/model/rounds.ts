/** Rounds of a review: who returned the last one, and when a person has to decide. */
import type { Round } from "../../protocol/index.ts";

/** A person's return has feedback and no reviewing run. */
export function returnedByPerson(round: Round): boolean {
  return round.verdict === "request_changes" && round.reviewerRunId === null;
}

/** Whether no further round may begin by itself. What a person returned is always worked on once more. */
export function roundsUsedUp(latest: Round | null, roundsMax: number): boolean {
  return latest !== null && latest.round >= roundsMax && !returnedByPerson(latest);
}
