/**
 * The town's breaker: when runs of several beads cannot be started, or much is spent and nothing moves, everything with
 * an agent is left alone. Later one bead that did not fail lately tries; at its first progress all go on. Healthy work
 * never opens it: only failures to start and spend without progress count. Source: runs.md.
 */
import type { FailureReason } from "../../protocol/index.ts";
import type { Policy } from "./policy.ts";

export type BreakerState = "closed" | "open" | "half_open";

export interface BreakerView {
  state: BreakerState;
  since: number;
  untilAt: number | null;
  openings: number;
  reason: FailureReason | null;
  /** Failures to start within the window. */
  recent: readonly { beadId: string; at: number }[];
  /** What agents cost since the work of any of them last moved. */
  spentMicroUsd: number;
  spentTokens: number;
  /** The bead that tries for all. */
  probe: "none" | "live" | "moved";
}

export interface BreakerMove {
  state: BreakerState;
  untilAt: number | null;
  openings: number;
  reason: FailureReason | null;
}

const SOURCE = "town/watch-breaker";
/** One broken bead is that bead's matter. */
const BEADS_MIN = 3;

/** Why it should open, or null. */
export function tripped(breaker: BreakerView, policy: Policy): FailureReason | null {
  const beads = new Set(breaker.recent.map(({ beadId }) => beadId)).size;
  const minutes = Math.round(policy.breakerWindowMs / 60_000);
  if (beads >= BEADS_MIN && breaker.recent.length >= policy.breakerStartFailures) {
    const message = `${breaker.recent.length} runs of ${beads} beads could not be started within ${minutes} minutes`;
    return { code: "start_failures", message, source: SOURCE };
  }
  return overspent(breaker, policy);
}

function overspent(
  { spentMicroUsd, spentTokens }: BreakerView,
  policy: Policy,
): FailureReason | null {
  const costly = spentMicroUsd >= policy.breakerMicroUsd;
  if (!costly && spentTokens < policy.breakerTokens) return null;
  const spent = costly
    ? `$${(spentMicroUsd / 1e6).toFixed(2)}`
    : `${Math.round(spentTokens / 1e6)} million tokens`;
  const message = `${spent} were spent on agents, and no work moved`;
  return { code: "spend_without_progress", message, source: SOURCE };
}

/** What becomes of the breaker now, or null when it stays as it is. */
export function breakerMove(breaker: BreakerView, now: number, policy: Policy): BreakerMove | null {
  const { state, untilAt, openings, reason, since } = breaker;
  switch (state) {
    case "closed": {
      const why = tripped(breaker, policy);
      return why && opened(why, 1, now, policy);
    }
    case "open":
      return untilAt !== null && now < untilAt
        ? null
        : { state: "half_open", untilAt: null, openings, reason };
    case "half_open": {
      if (breaker.probe === "moved")
        return { state: "closed", untilAt: null, openings: 0, reason: null };
      const failed = breaker.recent.some(({ at }) => at >= since);
      const why = failed ? reason : overspent(breaker, policy);
      return why && opened(why, openings + 1, now, policy);
    }
  }
}

function opened(reason: FailureReason, openings: number, now: number, policy: Policy): BreakerMove {
  const waitMs = Math.min(policy.breakerMaxMs, policy.breakerOpenMs * 2 ** (openings - 1));
  return { state: "open", untilAt: now + waitMs, openings, reason };
}
