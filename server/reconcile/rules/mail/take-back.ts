import type { MailView } from "../../attention.ts";
import type { Rule } from "../../context.ts";

/** The run ended before a turn began with the message: nothing is lost, the next one gets it. */
export const takeBack: Rule<MailView> = {
  id: "mail/take-back",
  why: "the run that had the message is gone and had not seen it",
  decide(mail) {
    const text = "its run ended before a turn began with it";
    return {
      rule: this.id,
      key: mail.id,
      expect: [{ table: "mail", id: mail.id, state: mail.state }],
      actions: [{ do: "move_mail", mailId: mail.id, event: "run_ended", text }],
    };
  },
};
