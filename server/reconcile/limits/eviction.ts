/** When a run has to leave its runner: one that a person has set away, or that may not have the model's key any more. */
import type { Context } from "../context.ts";
import type { RunnerView, RunView, Snapshot } from "../snapshot.ts";
import { isAgents } from "./pauses.ts";

/** Null: never, or it was told to stop. A merge is left to settle. */
export function evictAt(run: RunView, { s, runners }: Context): number | null {
  const runner = runners.get(run.runnerId);
  if (runner === undefined || run.stopOrderedAt !== null || run.kind === "merge") return null;
  if (mustGiveUpKey(run, runner)) return run.offeredAt;
  const { away } = runner;
  if (away === null) return null;
  return isIdle(run, s) ? away.at : away.at + s.policy.awayGraceMs;
}

/** People have taken the right to the key from its runner while it has it. */
export function mustGiveUpKey({ holdsKey }: RunView, { rights }: RunnerView): boolean {
  return holdsKey && !rights.includes("model");
}

/** Nothing is under way in it: the Mayor has no turn, an agent is not up yet. */
function isIdle(run: RunView, { turns }: Snapshot): boolean {
  if (run.kind === "session")
    return turns.every((turn) => turn.runId !== run.id || turn.state !== "running");
  return isAgents(run) && run.startedAt === null;
}
