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
