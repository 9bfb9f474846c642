/** Whether this runner takes one more run of a kind. Pure. */
import type { RunKind } from "../../protocol/run.ts";
import { BASELINE_RUNS_MAX, CHECK_RUNS_MAX, MERGE_RUNS_MAX, SESSION_RUNS_MAX } from "../config.ts";

/** Agents but the Mayor share the slots. */
export function isCounted(kind: RunKind): boolean {
  return kind === "work" || kind === "review" || kind === "triage";
}

/** The other kinds have small caps of their own. */
export function hasRoom(kind: RunKind, live: readonly RunKind[], slots: number): boolean {
  const count = (...kinds: RunKind[]) => live.filter((each) => kinds.includes(each)).length;
  switch (kind) {
    case "work":
    case "review":
    case "triage":
      return count("work", "review", "triage") < slots;
    case "check":
      return count("check") < CHECK_RUNS_MAX;
    case "merge":
      return count("merge") < MERGE_RUNS_MAX;
    case "baseline":
      return count("baseline") < BASELINE_RUNS_MAX;
    case "session":
      return count("session") < SESSION_RUNS_MAX;
  }
}

/** Whether fence `a` outranks fence `b`. */
export function outranks(
  a: { epoch: number; n: number },
  b: { epoch: number; n: number },
): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.n > b.n);
}
