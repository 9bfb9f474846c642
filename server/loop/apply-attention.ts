/** Actions about what asks for a person or the Mayor. */
import type { AttentionAction } from "../reconcile/attention.ts";
import type { Tx } from "../store/tx.ts";
import {
  raiseToPeople,
  remindOfEscalation,
  resolveEscalation,
} from "../store/writes/escalations.ts";
import { handMail, moveMail } from "../store/writes/attention/mails.ts";
import { answerQuestion, withdrawQuestion } from "../store/writes/attention/questions.ts";
import {
  endTriage,
  releaseTriage,
  requestTriage,
  restTriage,
} from "../store/writes/attention/triage.ts";

/** What a step expects was compared before: a refusal here is a bug. */
export function applyAttention(tx: Tx, action: AttentionAction): void {
  if (!done(tx, action)) throw new Error(`${tx.rule}: ${action.do} is refused`);
}

function done(tx: Tx, action: AttentionAction): boolean {
  switch (action.do) {
    case "resolve_escalation":
      return resolveEscalation(tx, action.escalationId, action.note);
    case "remind_escalation":
      return remindOfEscalation(tx, action.escalationId, action);
    case "answer_question":
      return answerQuestion(tx, action.questionId, "default", action.answer);
    case "hand_mail":
      handMail(tx, action.mailId, action.runId);
      return true;
    case "move_mail":
      return moveMail(tx, action.mailId, action.event, action.text);
    case "withdraw_question":
      return withdrawQuestion(tx, action.questionId, action.text);
    case "request_triage":
      return requestTriage(tx, action.escalationId);
    case "end_triage":
      return endTriage(tx, action.requestId, action.event, action.text);
    case "release_triage":
      releaseTriage(tx, action.requestId, action.counted);
      return true;
    case "rest_triage":
      restTriage(tx, action.failures, action.untilAt);
      return true;
    case "raise_to_people":
      return raiseToPeople(tx, action.escalationId, action.text, "high");
  }
}
