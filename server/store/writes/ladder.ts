/** The ladder of a run that does not move: every change of where it is. */
import { and, isNotNull, sql } from "drizzle-orm";
import type { FactOf, MailMode } from "../../../protocol/index.ts";
import { repetitionWords, RUNG } from "../../model/ladder.ts";
import { present } from "../present.ts";
import { given, prepared } from "../prepared.ts";
import { changeRow, rowAt } from "../rows.ts";
import { runs } from "../schema/runs.ts";
import type { Tx } from "../tx.ts";
import { handMail, sendMail } from "./attention/mails.ts";
import { recordEvent } from "./beads.ts";

type RunRow = typeof runs.$inferSelect;

/** What a run is set to when it has moved. */
export function onTheGround(now: number): Partial<RunRow> {
  return { rung: RUNG.ground, rungSince: now, repeating: null };
}

/** One rung up: the agent of the run is told, and no later run. */
export function climb(
  tx: Tx,
  runId: string,
  { rung, mode, text }: { rung: number; mode: MailMode; text: string },
): void {
  const row = present(rowAt(tx.db, runs, runId), `run ${runId}`);
  changeRow(tx.db, runs, runId, { rung, rungSince: tx.now, repeating: null });
  tx.touch("run", runId);
  const toId = row.kind === "review" ? row.agentId : row.beadId;
  if (toId === null) throw new Error(`run ${runId} has nobody to be told`);
  const word = { toId, rigId: row.rigId, from: "the town", text, mode, onlyRun: true };
  handMail(tx, sendMail(tx, { ...word, expiresAt: tx.now + tx.policy.nudgeTtlMs }), runId);
}

/** Its agent goes in circles: the next rung need not wait. */
export function noteRepetition(
  tx: Tx,
  run: RunRow,
  { pattern, times, text }: FactOf<"repetition">,
): void {
  const repeating = { pattern, times, text };
  changeRow(tx.db, runs, run.id, { repeating });
  tx.touch("run", run.id);
  if (run.beadId)
    recordEvent(tx, run.beadId, "repetition", `the agent ${repetitionWords(repeating)}`, {
      runId: run.id,
    });
}

/** Something slow by nature began or ended: the ladder waits for it. */
export function noteBusy(tx: Tx, run: RunRow, { forMs }: FactOf<"busy">): void {
  const busyUntil = forMs === 0 ? null : tx.now + forMs;
  // What ended has not moved anything; its time was its own all the same.
  const rungSince = forMs === 0 && run.busyUntil !== null ? tx.now : run.rungSince;
  changeRow(tx.db, runs, run.id, { busyUntil, rungSince });
  tx.touch("run", run.id);
}

/** After a time that says nothing of agents: everybody's time counts from now. */
export function restartLadders(tx: Tx): void {
  const live = restart(tx.db).all({ now: tx.now });
  for (const { id } of live) tx.touch("run", id);
}
const restart = prepared((db) =>
  db
    .update(runs)
    .set({ rungSince: given("now") })
    // A literal: the partial index of live runs is used only then.
    .where(and(sql`${runs.state} <> 'ended'`, isNotNull(runs.rungSince)))
    .returning({ id: runs.id })
    .prepare(),
);
