/** What the settling rules of reviews share: one more try, or back to the author with what to do. */
import type { FactOf } from "../../protocol/index.ts";
import { backOffMs } from "../model/backoff.ts";
import { countsAs } from "../model/outcomes.ts";
import type { Action } from "./plan.ts";
import type { ReviewView, RunView, Snapshot } from "./snapshot.ts";

/** Wait before a step is offered again that no runner took. */
const REFUSED_PAUSE_MS = 5_000;

/** One more try of the step under way, after a wait. An offer that was only refused is no try. */
export function retryReview(review: ReviewView, run: RunView | null, s: Snapshot): Action {
  const refused =
    run?.outcome === "rejected" &&
    countsAs("rejected", false, run.reason?.code ?? null) === "infra";
  return {
    do: "retry_review",
    reviewId: review.id,
    counted: !refused,
    backOffUntil:
      s.now + (refused ? REFUSED_PAUSE_MS : backOffMs(review.tries + 1, review.id, s.policy)),
  };
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
