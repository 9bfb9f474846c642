import { moreSevere } from "../../../model/attention-states.ts";
import { nextReminderAt } from "../../../model/escalation.ts";
import type { EscalationView } from "../../attention.ts";
import type { Rule } from "../../context.ts";

/** Nobody has looked: one step more severe each time, then a calm repeat. Nothing that is open falls silent. */
export const remind: Rule<EscalationView> = {
  id: "escalation/remind",
  why: "nobody has resolved the escalation for a while",
  decide(escalation, { s }) {
    const { id, state } = escalation;
    const severity = state === "open" ? moreSevere(escalation.severity) : escalation.severity;
    const why = state === "open" ? "nobody has acknowledged it" : "it is not resolved yet";
    const rose = severity === escalation.severity ? "" : `; it is ${severity} now`;
    return {
      rule: this.id,
      key: id,
      expect: [{ table: "escalation", id, state }],
      actions: [
        {
          do: "remind_escalation",
          escalationId: id,
          severity,
          remindAt: nextReminderAt(s.now, state, severity, s.policy),
          text: `reminder ${escalation.reminders + 1}: ${why}${rose}`,
        },
      ],
    };
  },
};
