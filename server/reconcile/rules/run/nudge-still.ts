import { RUNG } from "../../../model/ladder.ts";
import type { Rule } from "../../context.ts";
import { stillWords } from "../../limits/ladder.ts";
import type { RunView } from "../../snapshot.ts";

/** The first rung: the agent is told, when its turn is over, that nothing has moved. */
export const nudgeStill: Rule<RunView> = {
  id: "run/nudge-still",
  why: "the agent is up and its work does not move",
  decide(run, { s }) {
    return {
      rule: this.id,
      key: run.id,
      expect: [{ table: "run", id: run.id, state: run.state }],
      actions: [
        {
          do: "climb",
          runId: run.id,
          rung: RUNG.nudged,
          mode: "wait_idle",
          text: `${stillWords(run, s)} Say in one line what holds you up, then do something else than before.`,
        },
      ],
    };
  },
};
