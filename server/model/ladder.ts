/**
 * The ladder of a run whose work does not move: nudge, interrupt and prompt again, stop and try again. Each rung has its
 * own time; progress brings it back to the ground. Source: runs.md.
 */
import type { FailureReason, Outcome, RepetitionPattern } from "../../protocol/index.ts";

/** How an agent goes in circles. */
export interface Repetition {
  pattern: RepetitionPattern;
  times: number;
  text: string;
}

/** What was done to a run that stands still: nothing, nudged, interrupted. */
export const RUNG = { ground: 0, nudged: 1, interrupted: 2 } as const;

const WORDS: Readonly<Record<RepetitionPattern, string>> = {
  same_call: "made the same call with the same result",
  same_error: "met the same error",
  alternation: "went round the same calls",
  monologue: "answered without doing anything",
};

/** In the past tense, without a subject. */
export function repetitionWords({ pattern, times, text }: Repetition): string {
  const of = text === "" ? "" : ` (${text})`;
  return `${WORDS[pattern]} ${times} times${of}`;
}

/** Ends that say that the agent was up and got nowhere. */
const STALL_CODES: ReadonlySet<string> = new Set(["no_progress", "silent"]);

export function isStall(outcome: Outcome | null, reason: FailureReason | null): boolean {
  if (outcome !== "stopped_by_town" && outcome !== "no_result") return false;
  return reason !== null && STALL_CODES.has(reason.code);
}
