/** What the end of a run counts as. Source: the outcome table of the design (runs.md). */
import type { Outcome } from "../../protocol/index.ts";

export type CountsAs = "success" | "work_attempt" | "start_failure" | "infra" | "nothing";

const TABLE: Readonly<Record<Outcome, { before: CountsAs; after: CountsAs }>> = {
  done: { before: "success", after: "success" },
  no_result: { before: "work_attempt", after: "work_attempt" },
  crashed: { before: "start_failure", after: "work_attempt" },
  rejected: { before: "start_failure", after: "start_failure" },
  lost: { before: "infra", after: "infra" },
  evicted: { before: "infra", after: "infra" },
  stopped_by_town: { before: "infra", after: "infra" },
  stopped_by_person: { before: "nothing", after: "nothing" },
  throttled: { before: "nothing", after: "nothing" },
  quota: { before: "nothing", after: "nothing" },
};

/**
 * Refusals that say nothing of the bead: the runner was full, leaving, or overtaken, or the
 * repository was out of reach or not yet where the bead's base must be.
 */
const INFRA_CODES: ReadonlySet<string> = new Set([
  "no_capacity",
  "draining",
  "stopped",
  "stale_fence",
  "base_behind",
  "repository_unreachable",
]);

/**
 * @param progressed whether the run had made progress before it ended
 * @param code the reason's code, when the run gave one
 */
export function countsAs(outcome: Outcome, progressed: boolean, code: string | null): CountsAs {
  if (outcome === "rejected" && code !== null && INFRA_CODES.has(code)) return "infra";
  const row = TABLE[outcome];
  return progressed ? row.after : row.before;
}
