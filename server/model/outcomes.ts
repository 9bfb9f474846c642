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

/** @param progressed whether the run had made progress before it ended */
export function countsAs(outcome: Outcome, progressed: boolean): CountsAs {
  const row = TABLE[outcome];
  return progressed ? row.after : row.before;
}
