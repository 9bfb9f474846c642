import type { MailView } from "../../attention.ts";
import type { Rule } from "../../context.ts";

/** Somebody is at work for whom a message waits: it is handed to that run. */
export const deliver: Rule<MailView> = {
  id: "mail/deliver",
  why: "a run is up that can take the message",
  decide(mail) {
    const { takerId, takerState } = mail;
    if (takerId === null || takerState === null) return null;
    return {
      rule: this.id,
      key: mail.id,
      expect: [
        { table: "mail", id: mail.id, state: mail.state },
        { table: "run", id: takerId, state: takerState },
      ],
      actions: [{ do: "hand_mail", mailId: mail.id, runId: takerId }],
    };
  },
};
