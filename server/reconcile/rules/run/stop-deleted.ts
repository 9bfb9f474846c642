import type { Rule } from "../../context.ts";
import type { RunView } from "../../snapshot.ts";

/** Whatever works for a rig that is deleted ends, with its work saved. A merge is left to settle. */
export const stopDeleted: Rule<RunView> = {
  id: "run/stop-deleted",
  why: "a person deletes the rig",
  decide(run) {
    return {
      rule: this.id,
      key: run.id,
      expect: [{ table: "run", id: run.id, state: run.state }],
      actions: [
        {
          do: "order_stop",
          runId: run.id,
          reason: "its rig is being deleted",
          by: "stopped_by_person",
        },
      ],
    };
  },
};
