import type { EscalationView } from "../../attention.ts";
import type { Rule } from "../../context.ts";

/** What it was raised for is over: nobody is to be called for nothing, or reminded of it. */
export const resolveOver: Rule<EscalationView> = {
  id: "escalation/resolve-over",
  why: "the subject of the escalation has moved on",
  decide(escalation) {
    const { subjectId, subjectState } = escalation;
    const now = subjectState?.replaceAll("_", " ") ?? "gone";
    return {
      rule: this.id,
      key: escalation.id,
      // Another rule of the same round may just have raised it again.
      expect: [
        { table: "escalation", id: escalation.id, state: escalation.state },
        ...(subjectId !== null && subjectState !== null
          ? [{ table: "subject" as const, id: subjectId, state: subjectState }]
          : []),
      ],
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
