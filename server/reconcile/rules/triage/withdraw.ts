import type { TriageView } from "../../attention.ts";
import type { Rule } from "../../context.ts";
import { isOverFor } from "../../triage/wanted.ts";

/** What was raised is over, has become a person's, or people want no triage: no agent is to decide about it any more. */
export const withdrawTriage: Rule<TriageView> = {
  id: "triage/withdraw",
  why: "its escalation is resolved or has become urgent, or triage was switched off",
  decide(request) {
    const text = isOverFor(request)
      ? "withdrawn: its escalation is over"
      : request.isPersons
        ? "withdrawn: people were told"
        : "withdrawn: triage is off";
    return {
      rule: this.id,
      key: request.id,
      expect: [{ table: "triage", id: request.id, state: "open" }],
      actions: [{ do: "end_triage", requestId: request.id, event: "withdrawn", text }],
    };
  },
};
