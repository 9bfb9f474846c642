/** When a run that does not move is taken to the next rung. Nobody climbs for what others are to blame for. */
import { repetitionWords, RUNG } from "../../model/ladder.ts";
import type { Context } from "../context.ts";
import { policyOf } from "../policy-of.ts";
import type { RunView, Snapshot } from "../snapshot.ts";
import { isAgents, isFrozen } from "./pauses.ts";

/** Whether its agent is at work, so that it can be told something. The Mayor is prompted by people alone. */
export function isAtWork({ kind, state }: RunView): boolean {
  return state === "running" && (kind === "work" || kind === "review");
}

/** A run with an agent that was accepted and has not begun its first turn. */
export function isStarting(run: RunView): boolean {
  return isAgents(run) && (run.state === "accepted" || run.state === "preparing");
}

/** The time of the next rung; null: the run is not climbed now. */
export function nextRungAt(run: RunView, context: Context): number | null {
  const { s, runners } = context;
  if (run.stopOrderedAt !== null || isFrozen(run, context)) return null;
  // What a runner that is away has not told yet may be progress; its silence has a deadline of its own.
  if (runners.get(run.runnerId)?.online !== true) return null;
  if (!isAtWork(run) && !isStarting(run)) return null;
  const since = run.rungSince ?? run.offeredAt;
  const inCircles = isAtWork(run) && run.repeating !== null;
  const dueAt = inCircles ? since : startOf(run, since, s) + stillMs(run, s);
  return Math.max(dueAt, s.observingUntil ?? 0);
}

/** From when its time counts: not while something slow is under way, or its provider is left alone. */
function startOf(run: RunView, since: number, s: Snapshot): number {
  const provider = s.fallback ? null : (s.providers.get("agents")?.untilAt ?? null);
  return Math.max(since, run.busyUntil ?? 0, provider ?? 0);
}

function stillMs(run: RunView, s: Snapshot): number {
  const { startStillMs, workStillMs, reviewStillMs } = policyOf(s, run.rigId);
  if (isStarting(run)) return startStillMs;
  return run.kind === "work" ? workStillMs : reviewStillMs;
}

export function isDue(run: RunView, context: Context): boolean {
  const dueAt = nextRungAt(run, context);
  return dueAt !== null && dueAt <= context.s.now;
}

/** What comes next, for people; null where nothing does. */
export function nextRungWords(run: RunView): string {
  if (isStarting(run)) return "it is stopped and tried again unless it gets on";
  if (run.rung === RUNG.ground) return "its agent is nudged unless the work moves";
  return run.rung === RUNG.nudged
    ? "its agent was nudged, and is interrupted unless the work moves"
    : "its agent was interrupted, and its run is stopped and tried again unless the work moves";
}

/** "12 minutes". */
function minutes(ms: number): string {
  const count = Math.max(1, Math.round(ms / 60_000));
  return `${count} minute${count === 1 ? "" : "s"}`;
}

/** Why the ladder is climbed, for the agent and for people. */
export function stillWords(run: RunView, s: Snapshot): string {
  if (run.repeating !== null) return `The agent ${repetitionWords(run.repeating)}.`;
  return `The work has not moved for ${minutes(s.now - (run.rungSince ?? run.offeredAt))}.`;
}
