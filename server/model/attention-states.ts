/** State machines of what asks for a person or the Mayor. A pair without a target is refused. */
import type { BeadStatus, EscalationState, Severity } from "../../protocol/index.ts";

export const escalationEvents = ["raised_again", "reminded", "acknowledged", "resolved"] as const;
export type EscalationEvent = (typeof escalationEvents)[number];

const ESCALATION_ROWS: Record<
  EscalationState,
  Partial<Record<EscalationEvent, EscalationState>>
> = {
  open: {
    raised_again: "open",
    reminded: "open",
    acknowledged: "acknowledged",
    resolved: "resolved",
  },
  acknowledged: { raised_again: "acknowledged", reminded: "acknowledged", resolved: "resolved" },
  resolved: {},
};

/** The escalation's next state, or null when the event is refused in this state. */
export function escalationAfter(
  state: EscalationState,
  event: EscalationEvent,
): EscalationState | null {
  return ESCALATION_ROWS[state][event] ?? null;
}

/** The state that the stored times say. */
export function escalationState(times: {
  acknowledgedAt: number | null;
  resolvedAt: number | null;
}): EscalationState {
  if (times.resolvedAt !== null) return "resolved";
  return times.acknowledgedAt === null ? "open" : "acknowledged";
}

export const ESCALATION_STATUS: Readonly<Record<EscalationState, BeadStatus>> = {
  open: "open",
  acknowledged: "in_progress",
  resolved: "closed",
};

const SEVERITIES = ["low", "medium", "high", "critical"] as const;

/** One step up; critical stays. */
export function moreSevere(severity: Severity): Severity {
  return SEVERITIES[SEVERITIES.indexOf(severity) + 1] ?? "critical";
}

/** The more severe of two. */
export function mostSevere(a: Severity, b: Severity): Severity {
  return SEVERITIES.indexOf(a) > SEVERITIES.indexOf(b) ? a : b;
}
