/** What the rules read of beads that ask for somebody. */
import type {
  AnsweredBy,
  EscalationState,
  QuestionState,
  RunState,
  Severity,
} from "../../protocol/index.ts";

export interface EscalationView {
  id: string;
  state: Exclude<EscalationState, "resolved">;
  severity: Severity;
  subjectId: string | null;
  /** Null when there is no such subject (any more). */
  subjectState: string | null;
  holdsWhile: readonly string[] | null;
  /** A triage agent may be asked about it, and was not. */
  ambiguous: boolean;
  /** Requests of triage about its subject, while it is ambiguous: whether one is open, and how many there were. */
  triages: { isOpen: boolean; made: number };
  reminders: number;
  remindAt: number;
}

/** An open question. */
export interface QuestionView {
  id: string;
  workBeadId: string;
  runId: string;
  blocking: boolean;
  fallback: string;
  deadlineAt: number;
  /** Null when the bead is gone. */
  beadState: string | null;
}

/** An open request of triage. */
export interface TriageView {
  id: string;
  escalationId: string;
  workBeadId: string;
  rigId: string | null;
  convoyId: string | null;
  /** Null when the escalation is gone. */
  escalationState: EscalationState | null;
  /** It has become urgent since: people were told. */
  isPersons: boolean;
  runId: string | null;
  tries: number;
}

/** What an issue bead has asked: it waits for a blocking one, and is told the answers. */
export interface AskedView {
  id: string;
  state: Exclude<QuestionState, "withdrawn">;
  blocking: boolean;
  deadlineAt: number;
  question: string;
  answer: string | null;
  answeredBy: AnsweredBy | null;
}

export type AttentionAction =
  | { do: "resolve_escalation"; escalationId: string; note: string }
  | {
      do: "remind_escalation";
      escalationId: string;
      severity: Severity;
      remindAt: number;
      text: string;
    }
  /** With what counts when nobody has answered. */
  | { do: "answer_question"; questionId: string; answer: string }
  | { do: "withdraw_question"; questionId: string; text: string }
  | { do: "request_triage"; escalationId: string }
  | { do: "end_triage"; requestId: string; event: "withdrawn" | "expired"; text: string }
  /** Its run has ended; `counted`: that was a try of it. */
  | { do: "release_triage"; requestId: string; counted: boolean }
  | { do: "rest_triage"; failures: number; untilAt: number | null }
  | { do: "raise_to_people"; escalationId: string; text: string }
  | { do: "hand_mail"; mailId: string; runId: string }
  | { do: "move_mail"; mailId: string; event: "run_ended" | "expired"; text: string };

/** A message that is neither seen nor expired. */
export interface MailView {
  id: string;
  state: "queued" | "delivered";
  /** The run that it was given to, and whether that lives. */
  runId: string | null;
  runLives: boolean;
  /** It is a word to that run alone. */
  onlyRun: boolean;
  /** The work run that could take it now. */
  takerId: string | null;
  takerState: RunState | null;
  expiresAt: number;
}
