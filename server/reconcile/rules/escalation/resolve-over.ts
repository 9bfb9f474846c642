import type { EscalationView } from "../../attention.ts";
import type { Rule } from "../../context.ts";

/** What it was raised for is over: nobody is to be called for nothing, or reminded of it. */
export const resolveOver: Rule<EscalationView> = {
  id: "escalation/resolve-over",
  why: "the subject of the escalation has moved on",
  decide(escalation) {
    const now = escalation.subjectState?.replaceAll("_", " ") ?? "gone";
    return {
      rule: this.id,
      key: escalation.id,
      expect: [{ table: "escalation", id: escalation.id, state: escalation.state }],
      actions: [
        {
          do: "resolve_escalation",
          escalationId: escalation.id,
          note: `what it was raised for is over: its subject is ${now}`,
        },
      ],
    };
  },
};
