/** State machines of what asks for a person or the Mayor. A pair without a target is refused. */
import type {
  BeadStatus,
  EscalationState,
  MailState,
  QuestionState,
  Severity,
} from "../../protocol/index.ts";

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

/** Urgent matters go to people, whoever was asked first. */
export function urgent(severity: Severity): boolean {
  return severity === "high" || severity === "critical";
}

export const questionEvents = [
  "answered_by_policy",
  "answered_by_person",
  "answered_by_default",
  "source_terminal",
] as const;
export type QuestionEvent = (typeof questionEvents)[number];

const QUESTION_ROWS: Record<QuestionState, Partial<Record<QuestionEvent, QuestionState>>> = {
  open: {
    answered_by_policy: "answered",
    answered_by_person: "answered",
    answered_by_default: "answered",
    source_terminal: "withdrawn",
  },
  // A person has the last word, also after the deadline.
  answered: { answered_by_person: "answered" },
  withdrawn: {},
};

/** The question's next state, or null when the event is refused in this state. */
export function questionAfter(state: QuestionState, event: QuestionEvent): QuestionState | null {
  return QUESTION_ROWS[state][event] ?? null;
}

export const QUESTION_STATUS: Readonly<Record<QuestionState, BeadStatus>> = {
  open: "open",
  answered: "closed",
  withdrawn: "closed",
};

export const mailEvents = ["delivered", "seen", "run_ended", "expired"] as const;
export type MailEvent = (typeof mailEvents)[number];

const MAIL_ROWS: Record<MailState, Partial<Record<MailEvent, MailState>>> = {
  // A run may have seen it, or be gone, before its runner's word of delivery is here.
  queued: { delivered: "delivered", seen: "seen", run_ended: "queued", expired: "expired" },
  delivered: { seen: "seen", run_ended: "queued", expired: "expired" },
  seen: {},
  expired: {},
};

/** The message's next state, or null when the event is refused in this state. */
export function mailAfter(state: MailState, event: MailEvent): MailState | null {
  return MAIL_ROWS[state][event] ?? null;
}

export const MAIL_STATUS: Readonly<Record<MailState, BeadStatus>> = {
  queued: "open",
  delivered: "in_progress",
  seen: "closed",
  expired: "closed",
};
