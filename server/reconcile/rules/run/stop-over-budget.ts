import { runOverspent } from "../../limits/costs.ts";
import type { Rule } from "../../context.ts";
import type { RunView } from "../../snapshot.ts";

/** A limit is a limit: a run past its own, its bead's, its convoy's or the day's is told to stop with its work saved. */
export const stopOverBudget: Rule<RunView> = {
  id: "run/stop-over-budget",
  why: "the run may spend no more",
  decide(run, context) {
    const over = runOverspent(run, context);
    if (over === null) return null;
    return {
      rule: this.id,
      key: run.id,
      expect: [{ table: "run", id: run.id, state: run.state }],
      actions: [{ do: "order_stop", runId: run.id, code: over.code, reason: over.text }],
    };
  },
};
