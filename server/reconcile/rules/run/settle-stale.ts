import type { Rule } from "../../context.ts";
import { providerActions } from "../../limits/provider.ts";
import type { RunView } from "../../snapshot.ts";

/** The bead or review of this run has moved on: its saved work stays attached, nothing else happens. */
export const settleStale: Rule<RunView> = {
  id: "run/settle-stale",
  why: "what the run was for has been settled otherwise",
  decide(run, { s }) {
    return {
      rule: this.id,
      key: run.id,
      expect: [{ table: "run", id: run.id, state: "ended" }],
      actions: [{ do: "settle_run", runId: run.id }, ...providerActions(run, s)],
    };
  },
};
