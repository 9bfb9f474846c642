import type { Rule } from "../../context.ts";
import type { RunView } from "../../snapshot.ts";

/** Nothing runs away: a run past its wall time is stopped with its work saved. */
export const stopOverWall: Rule<RunView> = {
  id: "run/stop-over-wall",
  why: "the run is past its wall time",
  decide(run) {
    return {
      rule: this.id,
      key: run.id,
      expect: [{ table: "run", id: run.id, state: run.state }],
      actions: [
        {
          do: "order_stop",
          runId: run.id,
          code: "wall_time",
          reason: "the run is past its wall time",
        },
      ],
    };
  },
};
