import type { Rule } from "../../context.ts";
import { stillWords } from "../../limits/ladder.ts";
import type { RunView } from "../../snapshot.ts";

/** The third rung: the run is stopped with its work saved; the next one goes on from there. */
export const stopStill: Rule<RunView> = {
  id: "run/stop-still",
  why: "the agent was nudged and interrupted, and its work does not move",
  decide(run, { s }) {
    return {
      rule: this.id,
      key: run.id,
      expect: [{ table: "run", id: run.id, state: run.state }],
      actions: [
        { do: "order_stop", runId: run.id, code: "no_progress", reason: stillWords(run, s) },
      ],
    };
  },
};
