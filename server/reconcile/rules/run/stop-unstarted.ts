import type { Rule } from "../../context.ts";
import type { RunView } from "../../snapshot.ts";

/** Its agent is not up and nothing gets on: it is stopped, and the next run tries again. */
export const stopUnstarted: Rule<RunView> = {
  id: "run/stop-unstarted",
  why: "the run stays in a phase before its first turn for too long",
  decide(run) {
    const where = run.phase === null ? "" : ` from “${run.phase}”`;
    return {
      rule: this.id,
      key: run.id,
      expect: [{ table: "run", id: run.id, state: run.state }],
      actions: [
        {
          do: "order_stop",
          runId: run.id,
          code: "not_started",
          reason: `the run did not get on${where} before its first turn`,
        },
      ],
    };
  },
};
