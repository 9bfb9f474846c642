import type { Rule } from "../../context.ts";
import type { RunView } from "../../snapshot.ts";

/** A person has set its runner away: it goes on elsewhere, with its work saved. An idle agent leaves at once. */
export const evictAway: Rule<RunView> = {
  id: "run/evict-away",
  why: "its runner was set away, and it is idle or its grace is over",
  decide(run) {
    return {
      rule: this.id,
      key: run.id,
      expect: [{ table: "run", id: run.id, state: run.state }],
      actions: [
        {
          do: "order_stop",
          runId: run.id,
          by: "evicted",
          reason: "a person has set its runner away",
        },
      ],
    };
  },
};
