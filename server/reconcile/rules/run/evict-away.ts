import type { Rule } from "../../context.ts";
import { hasRight } from "../../gates.ts";
import type { RunView } from "../../snapshot.ts";
import { needOf } from "../../stages.ts";

/** A person has set its runner away, or taken its right to such runs: it goes on elsewhere, with its work saved. */
export const evictAway: Rule<RunView> = {
  id: "run/evict-away",
  why: "its runner was set away, and it is idle or its grace is over; or its runner may not do it any more",
  decide(run, { runners }) {
    const runner = runners.get(run.runnerId);
    const isForbidden = runner !== undefined && !hasRight(runner, needOf(run));
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
            ? "its runner may not do such runs any more"
            : "a person has set its runner away",
        },
      ],
    };
  },
};
