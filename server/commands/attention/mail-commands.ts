/** Messages to agents. */
import { ok, refuse, type Mail, type MailMode, type Result } from "../../../protocol/index.ts";
import { mailImage } from "../../store/images/attention-images.ts";
import { present } from "../../store/present.ts";
import type { Tx } from "../../store/tx.ts";
import { sendMail as write } from "../../store/writes/attention/mails.ts";
import type { Apply } from "../command.ts";
import { findAt } from "../find-bead.ts";

export const sendMail: Apply<"mail.send"> = (tx, { to, text, mode, minutes }) =>
  send(tx, to, text, mode, minutes === undefined ? tx.policy.mailTtlMs : minutes * 60_000);

export const nudge: Apply<"nudge"> = (tx, { to, text }) =>
  send(tx, to, text, "wait_idle", tx.policy.nudgeTtlMs);

function send(tx: Tx, to: string, text: string, mode: MailMode, ttlMs: number): Result<Mail> {
  const bead = findAt(tx, to, ["issue", "agent"], "bead or agent");
  if (!bead.ok) return bead;
  const { id: toId, type, status, rigId } = bead.value;
  if (type === "issue" && (status === "closed" || status === "failed"))
    return refuse("illegal_transition", `nobody works on it any more: it is ${status}.`);
  if (type === "agent" && status === "closed")
    return refuse("illegal_transition", "it has retired: write to a bead instead.");
  const from = tx.actor.startsWith("person:") ? "a person" : "the Mayor";
  const id = write(tx, { toId, rigId, from, text, mode, expiresAt: tx.now + ttlMs });
  return ok(present(mailImage(tx.db, id), `mail ${id}`));
}
