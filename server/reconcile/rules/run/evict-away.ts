import type { Rule } from "../../context.ts";
import { mustGiveUpKey } from "../../limits/eviction.ts";
import type { RunView } from "../../snapshot.ts";

/** A person has set its runner away, or taken the model's key from it: it goes on elsewhere, with its work saved. */
export const evictAway: Rule<RunView> = {
  id: "run/evict-away",
  why: "its runner was set away, and it is idle or its grace is over; or its runner may not have the model's key any more",
  decide(run, { runners }) {
    const runner = runners.get(run.runnerId);
    const isForbidden = runner !== undefined && mustGiveUpKey(run, runner);
    return {
      rule: this.id,
      key: run.id,
      expect: [{ table: "run", id: run.id, state: run.state }],
      actions: [
        {
          do: "order_stop",
          runId: run.id,
          by: "evicted",
          reason: isForbidden
            ? "its runner may not have the model's key any more"
            : "a person has set its runner away",
        },
      ],
    };
  },
};
