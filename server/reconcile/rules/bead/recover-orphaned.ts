import type { Rule } from "../../context.ts";
import type { IssueView } from "../../snapshot.ts";

/** In progress with no run at all: whatever lost the run, the bead must not stand still. */
export const recoverOrphaned: Rule<IssueView> = {
  id: "bead/recover-orphaned",
  why: "the bead is in progress but no run works on it",
  decide(issue) {
    return {
      rule: this.id,
      key: issue.id,
      expect: [{ table: "issue", id: issue.id, state: "in_progress" }],
      actions: [
        {
          do: "move_issue",
          beadId: issue.id,
          event: "run_lost",
          runId: null,
          text: "no run works on it any more; it waits for the next one",
        },
      ],
    };
  },
};
