import { asc, eq } from "drizzle-orm";
import { turnEffects, turns } from "../store/schema/runs.ts";
import { errorText, type Sending, type Sent } from "./executor.ts";

/** Natural key: the turn id. The runner takes a turn once. */
export async function sendTurn({ db, port, owed, run, connection }: Sending): Promise<Sent> {
  const turn = db.select().from(turns).where(eq(turns.id, owed.argument)).get();
  if (!turn || turn.runId !== run.id || turn.state !== "running")
    return { done: true, apply: () => undefined };
  const journal = db
    .select({
      tool: turnEffects.tool,
      arguments: turnEffects.arguments,
      answer: turnEffects.answer,
    })
    .from(turnEffects)
    .where(eq(turnEffects.turnId, turn.id))
    .orderBy(asc(turnEffects.n))
    .all();
  const ack = await port.turn(owed.runnerId, {
    connection,
    runId: run.id,
    fence: { epoch: run.fenceEpoch, n: run.fenceN },
    turn: { turnId: turn.id, text: turn.text, journal },
  });
  return ack.ok ? { done: true, apply: () => undefined } : { done: false, error: errorText(ack) };
}
