import type { MailView } from "../../attention.ts";
import type { Rule } from "../../context.ts";

/** A message has a time: nobody is to act on an old word. */
export const expire: Rule<MailView> = {
  id: "mail/expire",
  why: "nobody has seen the message in its time",
  decide(mail) {
    const text = mail.onlyRun
      ? "expired: its run did not begin a turn with it"
      : "expired: no agent began a turn with it in time";
    return {
      rule: this.id,
      key: mail.id,
      expect: [{ table: "mail", id: mail.id, state: mail.state }],
      actions: [{ do: "move_mail", mailId: mail.id, event: "expired", text }],
    };
  },
};
