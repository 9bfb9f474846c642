import { eq } from "drizzle-orm";
import { mails } from "../store/schema/attention.ts";
import { beads } from "../store/schema/beads.ts";
import { errorText, type Sending, type Sent } from "./sending.ts";

/** Natural key: the message's id. The runner takes a message once. */
export async function sendMail({ db, port, owed, run, connection }: Sending): Promise<Sent> {
  const row = db
    .select()
    .from(mails)
    .innerJoin(beads, eq(beads.id, mails.beadId))
    .where(eq(mails.beadId, owed.argument))
    .get();
  if (row?.mails.state !== "queued" || row.mails.runId !== run.id)
    return { done: true, apply: () => undefined };
  const { beadId: mailId, mode, from } = row.mails;
  const ack = await port.mail(owed.runnerId, {
    connection,
    runId: run.id,
    fence: { epoch: run.fenceEpoch, n: run.fenceN },
    mail: { mailId, mode, from, text: row.beads.body },
  });
  if (ack.ok) return { done: true, apply: (tx, writes) => writes.mailDelivered(tx, mailId) };
  // A run that takes none keeps it until its end: then it is taken back.
  return ack.error.retryable
    ? { done: false, error: errorText(ack) }
    : { done: true, apply: () => undefined };
}
