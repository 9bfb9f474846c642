import type { Rule } from "../../context.ts";
import type { RunView } from "../../snapshot.ts";

/** A runner that is lost holds no lease any more: its runs may be replaced under a higher fence. */
export const loseWithRunner: Rule<RunView> = {
  id: "run/lose-with-runner",
  why: "the runner has been silent for longer than a run may be left without word",
  decide(run) {
    return {
      rule: this.id,
      key: run.id,
      expect: [{ table: "run", id: run.id, state: run.state }],
      actions: [
        {
          do: "end_run",
          runId: run.id,
          outcome: "lost",
          reason: {
            code: "runner_lost",
            message: "the runner has been silent too long",
            source: this.id,
          },
        },
      ],
    };
  },
};
