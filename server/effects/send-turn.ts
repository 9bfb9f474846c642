import { eq } from "drizzle-orm";
import { digestOf } from "../store/views/digest.ts";
import { journalOf } from "../store/journal.ts";
import { turns } from "../store/schema/runs.ts";
import { errorText, type Sending, type Sent } from "./sending.ts";

/** Natural key: the turn id. The runner takes a turn once. */
export async function sendTurn({ db, port, owed, run, connection }: Sending): Promise<Sent> {
  const turn = db.select().from(turns).where(eq(turns.id, owed.argument)).get();
  if (!turn || turn.runId !== run.id || turn.state !== "running")
    return { done: true, apply: () => undefined };
  const journal = journalOf(db, turn.id);
  const ack = await port.turn(owed.runnerId, {
    connection,
    runId: run.id,
    fence: { epoch: run.fenceEpoch, n: run.fenceN },
    turn: { turnId: turn.id, text: turn.text, digest: digestOf(db, turn.id), journal },
  });
  if (ack.ok) return { done: true, apply: () => undefined };
  if (ack.error.retryable) return { done: false, error: errorText(ack) };
  // This run will not take it: it ends, and the next one is given the turn.
  const { message } = ack.error;
  return {
    done: true,
    apply: (tx, writes) => writes.orderStop(tx, run.id, "stopped_by_town", message),
  };
}
