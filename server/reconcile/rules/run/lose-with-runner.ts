import type { Rule } from "../../context.ts";
import type { RunView } from "../../snapshot.ts";

/** A runner that is lost holds no lease any more: its runs may be replaced under a higher fence. */
export const loseWithRunner: Rule<RunView> = {
  id: "run/lose-with-runner",
  why: "the runner was silent for longer than a run may be left without word, or was revoked",
  decide(run, { runners }) {
    const reason =
      (runners.get(run.runnerId)?.revokedAt ?? null) === null
        ? { code: "runner_lost", message: "the runner has been silent too long" }
        : { code: "runner_revoked", message: "its runner was revoked" };
    return {
      rule: this.id,
      key: run.id,
      expect: [{ table: "run", id: run.id, state: run.state }],
      actions: [
        {
          do: "end_run",
          runId: run.id,
          outcome: "lost",
          reason: { ...reason, source: this.id },
        },
      ],
    };
  },
};
