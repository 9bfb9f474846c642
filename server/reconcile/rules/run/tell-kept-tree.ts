import type { Rule } from "../../context.ts";
import type { RunView } from "../../snapshot.ts";

/** What an agent had could not be saved, so its tree was not removed: a person is told where it is. */
export const tellKeptTree: Rule<RunView> = {
  id: "run/tell-kept-tree",
  why: "the tree of the run could not be saved and is still on its runner's host",
  decide(run, { runners }) {
    if (run.kept === null) return null;
    const { dir, reason } = run.kept;
    const host = runners.get(run.runnerId)?.name ?? run.runnerId;
    return {
      rule: this.id,
      key: run.id,
      expect: [{ table: "run", id: run.id, state: run.state }],
      actions: [
        {
          do: "escalate",
          title: "Work of a run could not be saved",
          body: `It is still in ${dir} on the host of runner ${host}. ${reason} What was saved before is not touched, and the bead goes on from there: copy out what you need, remove the folder, then resolve this.`,
          severity: "high",
          rule: this.id,
          subjectId: run.id,
          rigId: run.rigId,
        },
        { do: "mark_kept_told", runId: run.id },
      ],
    };
  },
};
