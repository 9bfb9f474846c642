import type { QuestionView } from "../../attention.ts";
import type { Rule } from "../../context.ts";

/** Nobody waits for the answer any more: a person is not to be asked for nothing. */
export const withdrawQuestion: Rule<QuestionView> = {
  id: "question/withdraw",
  why: "the bead that asked is closed, failed or gone",
  decide(question) {
    const text = `withdrawn: its bead is ${question.beadState ?? "gone"}`;
    return {
      rule: this.id,
      key: question.id,
      expect: [{ table: "question", id: question.id, state: "open" }],
      actions: [{ do: "withdraw_question", questionId: question.id, text }],
    };
  },
};
