import type { EscalationView } from "../../attention.ts";
import type { Rule } from "../../context.ts";

/** A call for help may mean several things: a triage agent is asked. People see the escalation all the same. */
export const requestTriage: Rule<EscalationView> = {
  id: "triage/request",
  why: "the escalation is ambiguous and there is a place among the open requests",
  decide({ id }) {
    return {
      rule: this.id,
      key: id,
      expect: [{ table: "escalation", id, state: "open" }],
      actions: [{ do: "request_triage", escalationId: id }],
    };
  },
};
