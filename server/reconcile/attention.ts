/** What the rules read of beads that ask for somebody. */
import type { EscalationState, Severity } from "../../protocol/index.ts";

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
