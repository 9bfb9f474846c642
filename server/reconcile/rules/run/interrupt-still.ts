import { RUNG } from "../../../model/ladder.ts";
import type { Rule } from "../../context.ts";
import { stillWords } from "../../limits/ladder.ts";
import type { RunView } from "../../snapshot.ts";

const GO_ON = {
  work: "Begin again from what the tree says now. Done: call gt_done. Stuck: call gt_escalate with your evidence, then gt_done with what you have.",
  review: "Give your verdict on what you have read; cannot_decide if you must.",
};

/** The second rung: whatever the agent is at is interrupted, and it is prompted again. */
export const interruptStill: Rule<RunView> = {
  id: "run/interrupt-still",
  why: "the agent was nudged and its work does not move",
  decide(run, { s }) {
    return {
      rule: this.id,
      key: run.id,
      expect: [{ table: "run", id: run.id, state: run.state }],
      actions: [
        {
          do: "climb",
          runId: run.id,
          rung: RUNG.interrupted,
          mode: "immediate",
          text: `You were interrupted. ${stillWords(run, s)} ${run.kind === "review" ? GO_ON.review : GO_ON.work}`,
        },
      ],
    };
  },
};
