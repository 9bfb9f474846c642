/** What a pause holds back. Time stands still for what is paused: no deadline of it passes. */
import type { Context } from "../context.ts";
import type { PauseView, RigView, RunView, Snapshot } from "../snapshot.ts";

/** A run that spends on a model. */
export function isAgents({ kind }: RunView): boolean {
  return kind !== "check" && kind !== "merge" && kind !== "baseline";
}

/** A person has stopped the town: nothing may spend. */
export function isStopped({ pauses }: Snapshot): boolean {
  return pauses.get("town")?.kind === "stop";
}

export function isFrozen(run: RunView, { s, issues }: Context): boolean {
  if (s.pauses.size === 0) return false;
  const convoyId = run.beadId === null ? null : (issues.get(run.beadId)?.convoyId ?? null);
  return ["town", run.rigId, convoyId].some((subject) => subject !== null && s.pauses.has(subject));
}

/** Neither town nor rig may get a new run. */
export function isRigPaused(rig: RigView, { pauses }: Snapshot): boolean {
  return pauses.has("town") || pauses.has(rig.id);
}

/** When its wall time is over. */
export function wallAt(run: RunView): number {
  return (run.startedAt ?? run.offeredAt) + run.wallMs + run.frozenMs;
}

export function pauseWords(what: string, { kind, by }: PauseView): string {
  return `${what} was ${kind === "stop" ? "stopped" : "paused"} by ${personWords(by)}: resume it to go on`;
}

/** Who an actor is, for people. */
export function personWords(actor: string): string {
  return actor.replace(/^person:/, "");
}
