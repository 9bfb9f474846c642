import type { Rule } from "../../context.ts";
import { exhaustion } from "../../limits/exhaustion.ts";
import type { IssueView } from "../../snapshot.ts";

/** Attempts are counted for life: a bead that used them up fails with a reason and a person is told. */
export const failExhausted: Rule<IssueView> = {
  id: "bead/fail-exhausted",
  why: "the bead has used up its attempts, failed starts or runs",
  decide(issue, { s }) {
    const failure = exhaustion(issue, s);
    if (!failure) return null;
    return {
      rule: this.id,
      key: issue.id,
      expect: [{ table: "issue", id: issue.id, state: issue.state }],
      actions: [
        {
          do: "move_issue",
          beadId: issue.id,
          event: "exhausted",
          runId: null,
          failure,
          text: `failed: ${failure.message}`,
        },
        {
          do: "escalate",
          title: `Failed: ${issue.title}`.slice(0, 200),
          body: `${failure.message}. Read its history, then reopen it or close it.`,
          severity: "high",
          rule: this.id,
          subjectId: issue.id,
          holdsWhile: ["failed"],
          rigId: issue.rigId,
        },
      ],
    };
  },
};
