/** Messages to agents: every change of theirs. */
import { and, eq, inArray } from "drizzle-orm";
import type { MailMode } from "../../../../protocol/index.ts";
import { MAIL_STATUS, mailAfter, type MailEvent } from "../../../model/attention-states.ts";
import { mails } from "../../schema/attention.ts";
import { runs } from "../../schema/runs.ts";
import type { Tx } from "../../tx.ts";
import { insertBead, projectStatus, recordEvent } from "../beads.ts";
import { owe } from "../outbox.ts";

export interface NewMail {
  toId: string;
  rigId: string | null;
  from: string;
  text: string;
  mode: MailMode;
  expiresAt: number;
  /** A word to the run that it is handed to, and to no other. */
  onlyRun?: boolean;
}

type Row = typeof mails.$inferSelect;

const TITLE_CHARS = 200;

export function sendMail(tx: Tx, { text, rigId, ...mail }: NewMail): string {
  const title = (text.split("\n", 1)[0] ?? "").slice(0, TITLE_CHARS);
  const id = insertBead(tx, { type: "mail", status: "open", title, body: text, rigId });
  tx.db
    .insert(mails)
    .values({ beadId: id, state: "queued", ...mail })
    .run();
  recordEvent(tx, id, "created", `sent by ${mail.from}`);
  recordEvent(tx, mail.toId, "mail", `${mail.from}: ${title}`);
  return id;
}

/** Owes it to a run that lives: from now on that run is responsible for it. */
export function handMail(tx: Tx, id: string, runId: string): void {
  const run = tx.db.select({ runnerId: runs.runnerId }).from(runs).where(eq(runs.id, runId)).get();
  if (!run) throw new Error(`run ${runId} is not there`);
  tx.db.update(mails).set({ runId }).where(eq(mails.beadId, id)).run();
  tx.touch("mail", id);
  owe(tx, { kind: "run.mail", subject: runId, runnerId: run.runnerId, argument: id });
}

/** @returns false when the event is refused in the present state */
export function moveMail(tx: Tx, id: string, event: MailEvent, text: string): boolean {
  const row = tx.db.select().from(mails).where(eq(mails.beadId, id)).get();
  const next = row === undefined ? null : mailAfter(row.state, event);
  if (row === undefined || next === null) return false;
  const set: Record<MailEvent, Partial<Row>> = {
    delivered: { deliveredAt: tx.now },
    seen: { deliveredAt: row.deliveredAt ?? tx.now, seenAt: tx.now },
    run_ended: { runId: null, deliveredAt: null },
    expired: {},
  };
  tx.db
    .update(mails)
    .set({ ...set[event], state: next })
    .where(eq(mails.beadId, id))
    .run();
  projectStatus(tx, id, "mail", MAIL_STATUS[next]);
  recordEvent(tx, id, event, text, { runId: row.runId });
  return true;
}

/** Nobody will read what was for this bead or agent. */
export function expireMailsTo(tx: Tx, toId: string, text: string): void {
  const waiting = tx.db
    .select({ id: mails.beadId })
    .from(mails)
    .where(and(eq(mails.toId, toId), inArray(mails.state, ["queued", "delivered"])))
    .all();
  for (const { id } of waiting) moveMail(tx, id, "expired", text);
}

/** The run begins a turn with it. What another run says of it counts for nothing. */
export function mailSeen(tx: Tx, id: string, runId: string): void {
  const row = tx.db.select().from(mails).where(eq(mails.beadId, id)).get();
  if (row?.runId === runId) moveMail(tx, id, "seen", "the agent's turn began with it");
}
