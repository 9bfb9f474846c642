/** What the settling rules of reviews share: one more try, or back to the author with what to do. */
import { runCounts } from "./limits/provider.ts";
import type { FactOf } from "../../protocol/index.ts";
import { backOffMs } from "../model/backoff.ts";
import { countsAs } from "../model/outcomes.ts";
import type { Action } from "./plan.ts";
import { policyOf } from "./policy-of.ts";
import type { IssueView, ReviewView, RigView, RunView, Snapshot } from "./snapshot.ts";

/** Wait before a step is offered again that no runner took. */
const REFUSED_PAUSE_MS = 5_000;
/** After a stop by a person: he may want to decide something first. */
const PAUSE_MS = 30_000;

/** One more try of the step under way. Only an end that the step itself is to blame for uses up one of its tries. */
export function retryReview(review: ReviewView, run: RunView | null, s: Snapshot): Action {
  const as = blame(run);
  return { do: "retry_review", reviewId: review.id, as, backOffUntil: nextTryAt(review, run, s) };
}

/** Tries of a step are capped by number; what infrastructure fails is capped by time. */
export function isUsedUp({ tries, infraSince, rigId }: ReviewView, s: Snapshot): boolean {
  const policy = policyOf(s, rigId);
  if (tries >= policy.reviewTriesMax) return true;
  return infraSince !== null && s.now - infraSince >= policy.infraPatienceMs;
}

/** Where a review goes whose merge has ended without landing. What was returned is not approved by that. */
export function mergeLost(issue: IssueView | undefined): "merge_retry" | "withdraw_ended" {
  return issue?.state === "open" ? "withdraw_ended" : "merge_retry";
}

function blame(run: RunView | null): "step" | "infra" | "nothing" {
  if (run === null) return "infra";
  if (isRefused(run)) return "nothing";
  const counts = runCounts(run);
  if (counts === "work_attempt" || counts === "start_failure") return "step";
  // A refinery that ended without a verdict on this head has used up a try; what code could not do is nobody's fault.
  if (counts === "success") return run.kind === "review" ? "step" : "infra";
  return counts === "infra" ? "infra" : "nothing";
}

function nextTryAt(review: ReviewView, run: RunView | null, { now, policy }: Snapshot) {
  if (run && isRefused(run)) return now + REFUSED_PAUSE_MS;
  const as = blame(run);
  if (as === "nothing") return run?.outcome === "stopped_by_person" ? now + PAUSE_MS : null;
  const failures = as === "step" ? review.tries : review.infraTries;
  return now + backOffMs(failures + 1, review.id, policy);
}

function isRefused(run: RunView): boolean {
  const code = run.reason?.code ?? null;
  return run.outcome === "rejected" && countsAs("rejected", false, code) === "infra";
}

/** Sends the reviewed bead back to its author for one more round. */
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

/**
 * Red gates blame nobody while the target has moved and its own gates have not been run there: they may be red on it
 * too. A conflict is certain.
 */
export function isUndecided(result: Checked | null, rig: RigView | undefined): boolean {
  if (result === null || result.conflicts.length > 0) return false;
  return rig !== undefined && rig.movedTo !== null && result.gates.some((gate) => !gate.ok);
}

type Checked = Pick<FactOf<"checked">, "gates" | "conflicts">;

/** One line that says what is wrong. */
export function redTitle(result: Checked): string {
  if (result.conflicts.length > 0)
    return `it conflicts with the target in ${result.conflicts.join(", ")}`.slice(0, 300);
  const red = result.gates.filter((gate) => !gate.ok).map((gate) => gate.name);
  if (red.length === 0) return "the gates are red";
  return `${red.join(", ")} ${red.length === 1 ? "is" : "are"} red`;
}

/** What the author is told: the conflicting files or the end of each red gate's output. */
export function redFeedback(result: Checked): string {
  const parts: string[] = [];
  if (result.conflicts.length > 0) {
    parts.push(
      `Merging with the target conflicts in:\n${result.conflicts.map((file) => `- ${file}`).join("\n")}`,
    );
  }
  for (const gate of result.gates.filter((each) => !each.ok)) {
    const how = gate.timedOut ? "ran out of time" : `ended with code ${gate.code ?? "none"}`;
    parts.push(`Gate ${gate.name} (${gate.command}) ${how}:\n${gate.log.slice(-6_000)}`);
  }
  return parts.join("\n\n").slice(0, 20_000);
}
