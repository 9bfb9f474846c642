import type { Rule } from "../../context.ts";
import type { RunView } from "../../snapshot.ts";

/** The runner lives and was told to stop the run, but no exit came: the bead must not wait for ever. */
export const loseUnstopped: Rule<RunView> = {
  id: "run/lose-unstopped",
  why: "the run was told to stop and no word of its end came",
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
            code: "not_stopped",
            message: "the run was told to stop and no word of its end came",
            source: this.id,
          },
        },
      ],
    };
  },
};
