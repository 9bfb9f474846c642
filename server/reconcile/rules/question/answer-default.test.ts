import { expect, test } from "bun:test";
import { actionsOf, NOW, question, snapshot, stepsOf } from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

test("[question/answer-default] at the deadline, and not before, the default counts", () => {
  const plan = (deadlineAt: number) =>
    reconcile(snapshot({ questions: [question({ deadlineAt, fallback: "tabs" })] }));
  const answers = (deadlineAt: number) =>
    actionsOf(stepsOf(plan(deadlineAt), "question/answer-default"), "answer_question");
  expect(answers(NOW + 1)).toEqual([]);
  expect(plan(NOW + 1).timers).toContainEqual({
    subject: "qn_1",
    kind: "deadline",
    dueAt: NOW + 1,
  });
  expect(answers(NOW)).toMatchObject([{ questionId: "qn_1", answer: "tabs" }]);
});
