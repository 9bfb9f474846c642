import type { Rule } from "../../context.ts";
import type { RunView } from "../../snapshot.ts";

/** A run whose bead was closed under it has nothing to work for. A merge is left to settle. */
export const stopOrphan: Rule<RunView> = {
  id: "run/stop-orphan",
  why: "the bead of this run was closed or has failed",
  decide(run) {
    return {
      rule: this.id,
      key: run.id,
      expect: [{ table: "run", id: run.id, state: run.state }],
      actions: [{ do: "order_stop", runId: run.id, reason: "its bead is no longer in work" }],
    };
  },
};
