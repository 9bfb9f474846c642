import type { QuestionView } from "../../attention.ts";
import type { Rule } from "../../context.ts";

/** An agent that can only wait costs money: its run stops with its work saved, and the next one has the answer. */
export const stopAsking: Rule<QuestionView> = {
  id: "question/stop-run",
  why: "the run can do nothing before its question is answered",
  decide(question, { s }) {
    const run = s.runs.find(({ id }) => id === question.runId);
    if (!run || run.state === "ended" || run.stopOrderedAt !== null) return null;
    return {
      rule: this.id,
      key: question.id,
      expect: [
        { table: "question", id: question.id, state: "open" },
        { table: "run", id: run.id, state: run.state },
      ],
      actions: [{ do: "order_stop", runId: run.id, reason: "it waits for an answer" }],
    };
  },
};
