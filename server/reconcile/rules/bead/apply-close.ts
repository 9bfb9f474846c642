import type { Rule } from "../../context.ts";
import type { IssueView } from "../../snapshot.ts";

/** A person's wish to close a bead waits for its run and its merge; then it is applied, whatever their end was. */
export const applyClose: Rule<IssueView> = {
  id: "bead/apply-close",
  why: "the bead is to be closed and nothing of it is under way any more",
  decide(issue) {
    const { closing } = issue;
    if (closing === null) return null;
    return {
      rule: this.id,
      key: issue.id,
      expect: [{ table: "issue", id: issue.id, state: issue.state }],
      actions: [{ do: "close_issue", beadId: issue.id, reviewId: issue.reviewId, closing }],
    };
  },
};
