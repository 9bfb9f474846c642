/** What triage does about an escalation, in a sentence. Pure. */
import type { Escalation } from "../../protocol/index.ts";
import { triageWords } from "./states.ts";

/** Null where it says nothing that the escalation does not. */
export function triageText(triage: NonNullable<Escalation["triage"]>): string | null {
  const { state, isTaken, action, note } = triage;
  switch (state) {
    case "open":
      return isTaken ? "Triage is looking at it." : "Triage is asked about it.";
    case "decided": {
      const why = note === null ? "" : ` “${note}”`;
      return action === null ? null : `Triage decided: ${triageWords[action]}.${why}`;
    }
    case "expired":
      return "Triage could not decide.";
    case "withdrawn":
      return null;
  }
}
