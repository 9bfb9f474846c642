import type { Rule } from "../../context.ts";
import type { RunView } from "../../snapshot.ts";

/** A person has stopped the town: every agent is told to end with its work saved. A merge is left to settle. */
export const stopEmergency: Rule<RunView> = {
  id: "run/stop-emergency",
  why: "a person has stopped the town",
  decide(run) {
    return {
      rule: this.id,
      key: run.id,
      expect: [{ table: "run", id: run.id, state: run.state }],
      actions: [
        {
          do: "order_stop",
          runId: run.id,
          by: "stopped_by_person",
          reason: "a person has stopped the town",
        },
      ],
    };
  },
};
