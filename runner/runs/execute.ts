/** One executor per kind of run. */
import type { RunSpec, RunSpecOf } from "../../protocol/run-spec.ts";
import { runBaseline } from "./kinds/baseline.ts";
import { runCheck } from "./kinds/check.ts";
import type { Ending, LiveRun } from "./live-run.ts";
import { runMerge } from "./kinds/merge.ts";
import { runReview } from "./kinds/review.ts";
import { runSession } from "./kinds/session.ts";
import { runTriage } from "./kinds/triage.ts";
import type { TurnQueue } from "./turn-queue.ts";
import { runWork } from "./kinds/work.ts";
import type { Workplace } from "./workplace.ts";

/** Executes a run to its ending. Throws only for bugs. */
export function executeRun(place: Workplace, run: LiveRun, turns: TurnQueue): Promise<Ending> {
  if (isKind(run, "work")) return runWork(place, run);
  if (isKind(run, "check")) return runCheck(place, run);
  if (isKind(run, "review")) return runReview(place, run);
  if (isKind(run, "merge")) return runMerge(place, run);
  if (isKind(run, "baseline")) return runBaseline(place, run);
  if (isKind(run, "session")) return runSession(place, run, turns);
  if (isKind(run, "triage")) return runTriage(place, run);
  throw new Error(`no executor for a run of kind ${run.spec.kind}`);
}

export function isKind<K extends RunSpec["kind"]>(
  run: LiveRun,
  kind: K,
): run is LiveRun<RunSpecOf<K>> {
  return run.spec.kind === kind;
}
