import { nextWarning } from "../../limits/costs.ts";
import type { Rule } from "../../context.ts";
import type { RunView } from "../../snapshot.ts";

/** Four fifths of a limit are spent: people hear of it once, before anything stops. */
export const warnBudget: Rule<RunView> = {
  id: "run/warn-budget",
  why: "most of a budget is spent",
  decide(run, context) {
    const warning = nextWarning(run, context);
    if (warning === null) return null;
    const { subject, what, text } = warning;
    return {
      rule: this.id,
      key: run.id,
      expect: [{ table: "run", id: run.id, state: run.state }],
      actions: [
        { do: "mark_warned", subject },
        {
          do: "escalate",
          title: `The budget of ${what} comes to its end`,
          body: `${text}. At the limit its agents stop with their work saved; budget.set changes it.`,
          severity: "low",
          rule: this.id,
          subjectId: subject.startsWith("day:") ? null : subject,
          rigId: run.rigId,
        },
      ],
    };
  },
};
