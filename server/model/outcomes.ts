/** What the end of a run counts as. Source: the outcome table of the design (runs.md). */
import type { Outcome } from "../../protocol/index.ts";

/** `person`: only somebody can mend it; nothing is counted and no further run is spent on it. */
export type CountsAs =
  | "success"
  | "work_attempt"
  | "start_failure"
  | "infra"
  | "nothing"
  | "person";

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
 * Refusals that say nothing of the bead: the runner was full, leaving, overtaken, or may not have it any more, the town
 * did not answer, or the repository was out of reach or not yet where the bead's base must be.
 */
const INFRA_CODES: ReadonlySet<string> = new Set([
  "no_capacity",
  "draining",
  "stopped",
  "stale_fence",
  "older_run",
  "forbidden",
  "base_behind",
  "repository_unreachable",
  "model_unreachable",
  "offline",
  "deadline",
  "stale_connection",
]);

/** Of a repository: whatever is dispatched to its rig would end the same way. */
const RIG_CODES: ReadonlySet<string> = new Set([
  "repository_auth",
  "repository_empty",
  "repository_invalid",
  "target_missing",
  "copied_file",
  "lfs_missing",
]);

/** Finished work that its repository takes from nobody, or a person's that the town does not take, until somebody has looked. */
const BEAD_CODES: ReadonlySet<string> = new Set(["push_refused", "given_refused"]);

/** Of the model: its settings are to be mended, the bead is not to blame. */
const MODEL_CODES: ReadonlySet<string> = new Set(["model_auth", "model_unknown"]);

/** Why the town ended a run: some of it is a try of the bead, the rest is nobody's. */
const STOP_CODES: Readonly<Record<string, CountsAs>> = {
  wall_time: "work_attempt",
  run_budget: "work_attempt",
  no_progress: "work_attempt",
  triage: "work_attempt",
  not_started: "start_failure",
  budget: "nothing",
};

/** What waits for a person after such an end: the whole rig, the bead alone, or nothing. */
export function personsMatter(code: string | null): "rig" | "bead" | null {
  if (code === null) return null;
  if (RIG_CODES.has(code)) return "rig";
  return BEAD_CODES.has(code) ? "bead" : null;
}

/**
 * @param progressed whether the run had made progress before it ended
 * @param code the reason's code, when the run gave one
 */
export function countsAs(outcome: Outcome, progressed: boolean, code: string | null): CountsAs {
  if (outcome !== "done" && personsMatter(code) !== null) return "person";
  if (outcome === "rejected" && code !== null) {
    if (INFRA_CODES.has(code)) return "infra";
    if (MODEL_CODES.has(code)) return "nothing";
  }
  if (outcome === "stopped_by_town" && code !== null && STOP_CODES[code]) return STOP_CODES[code];
  const row = TABLE[outcome];
  return progressed ? row.after : row.before;
}
