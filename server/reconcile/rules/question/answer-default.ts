import type { QuestionView } from "../../attention.ts";
import type { Rule } from "../../context.ts";

/** Nothing waits for ever: at the deadline a question is answered by what was said to count then. */
export const answerDefault: Rule<QuestionView> = {
  id: "question/answer-default",
  why: "the deadline of the question has passed",
  decide(question) {
    return {
      rule: this.id,
      key: question.id,
      expect: [{ table: "question", id: question.id, state: "open" }],
      actions: [{ do: "answer_question", questionId: question.id, answer: question.fallback }],
    };
  },
};
