import type { TriageView } from "../../attention.ts";
import type { Rule } from "../../context.ts";

/** Run after run ended without a decision: people are told at once, and no agent is asked again. */
export const expireTriage: Rule<TriageView> = {
  id: "triage/expire",
  why: "its tries are used up",
  decide({ id, escalationId, escalationState, tries }) {
    const text = `triage did not decide in ${tries} tries: a person decides`;
    return {
      rule: this.id,
      key: id,
      expect: [
        { table: "triage", id, state: "open" },
        { table: "escalation", id: escalationId, state: escalationState ?? "" },
      ],
      actions: [
        { do: "end_triage", requestId: id, event: "expired", text },
        { do: "raise_to_people", escalationId, text },
      ],
    };
  },
};
