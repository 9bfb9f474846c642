/** The Mayor's session: messages, turns and the journal of their effects. */
import { and, desc, eq, lt, ne, sql } from "drizzle-orm";
import type { SQLiteUpdateSetSource } from "drizzle-orm/sqlite-core";
import type { Continued, Wait } from "../../../protocol/index.ts";
import { turnAfter, type TurnEvent } from "../../model/states.ts";
import { messages } from "../schema/beads.ts";
import { runs, sessions, turnEffects, turns } from "../schema/runs.ts";
import type { Tx } from "../tx.ts";
import { insertBead, projectStatus } from "./beads.ts";
import { takeDigest } from "./attention/digest.ts";
import { touchTown } from "./limits/limits.ts";
import { owe } from "./outbox.ts";
import { addRow, changeRow, rowAt, valueAt } from "../rows.ts";

/** A person's message begins a turn; both wait until the Mayor takes them. */
export function addTurn(
  tx: Tx,
  sessionId: string,
  text: string,
): { messageId: string; turnId: string } {
  const turnId = tx.newId("turn");
  const messageId = insertBead(tx, {
    type: "message",
    status: "open",
    title: (text.split("\n", 1)[0] ?? "").slice(0, 200),
    body: text,
  });
  const last = tx.db
    .select({ n: turns.n })
    .from(turns)
    .where(eq(turns.sessionId, sessionId))
    .orderBy(desc(turns.n))
    .limit(1)
    .get();
  addRow(tx.db, turns, {
    id: turnId,
    sessionId,
    n: (last?.n ?? 0) + 1,
    state: "pending",
    text,
    begunBy: "person",
    author: tx.actor,
    createdAt: tx.now,
  });
  addRow(tx.db, messages, { beadId: messageId, sessionId, turnId, state: "queued" });
  return { messageId, turnId };
}

/** A person is there and will speak. */
export function awaitSession(tx: Tx, sessionId: string): void {
  changeRow(tx.db, sessions, sessionId, { awaitedAt: tx.now });
  touchTown(tx);
}

/** A run of it is offered: nobody waits for one any more. */
export function sessionOffered(tx: Tx, sessionId: string): void {
  changeRow(tx.db, sessions, sessionId, { awaitedAt: null });
}

/** The turn belongs to this run from now on: it is delivered with the offer or by a turn frame. */
export function giveTurn(tx: Tx, turnId: string, runId: string): void {
  moveTurn(tx, turnId, "given", { wait: null, runId, tries: sql`${turns.tries} + 1` });
  markMessage(tx, turnId, "delivered");
}

/** Says at the message that began it why the turn does not begin. */
export function turnWaits(tx: Tx, turnId: string, wait: Wait): void {
  changeRow(tx.db, turns, turnId, { wait });
  const begun = tx.db.select().from(messages).where(eq(messages.turnId, turnId)).all();
  for (const { beadId } of begun) tx.touch("chat", beadId);
}

/** Hands a turn to a session run that is up. */
export function handTurn(tx: Tx, runId: string, turnId: string): void {
  const run = tx.db.select({ runnerId: runs.runnerId }).from(runs).where(eq(runs.id, runId)).get();
  if (!run) throw new Error(`run ${runId} is not there`);
  takeDigest(tx, turnId);
  giveTurn(tx, turnId, runId);
  owe(tx, { kind: "session.turn", subject: runId, runnerId: run.runnerId, argument: turnId });
}

/** @param continued of a run's first turn: how the conversation went on */
export function startTurn(tx: Tx, turnId: string, continued: Continued | null): void {
  changeRow(tx.db, turns, turnId, { startedAt: tx.now, continued });
  markMessage(tx, turnId, "seen");
}

export function endTurn(
  tx: Tx,
  turnId: string,
  event: "answered" | "given_up",
  answer: string,
  note: string | null,
): void {
  moveTurn(tx, turnId, event, { answer, note, endedAt: tx.now });
  markMessage(tx, turnId, "seen");
}

export function turnAgain(
  tx: Tx,
  turnId: string,
  { text, counted }: { text: string; counted: boolean },
): void {
  moveTurn(tx, turnId, "run_ended", {
    runId: null,
    note: text,
    ...(!counted && { tries: sql`max(0, ${turns.tries} - 1)` }),
  });
  markMessage(tx, turnId, "queued");
}

/** @throws when the event is refused in the present state */
function moveTurn(
  tx: Tx,
  turnId: string,
  event: TurnEvent,
  set: SQLiteUpdateSetSource<typeof turns>,
): void {
  const before = valueAt(tx.db, turns.state, turnId);
  const state = before === undefined ? null : turnAfter(before, event);
  if (state === null) throw new Error(`${event} is refused for turn ${turnId}, which is ${before}`);
  tx.db
    .update(turns)
    .set({ ...set, state })
    .where(eq(turns.id, turnId))
    .run();
}

function markMessage(tx: Tx, turnId: string, state: "queued" | "delivered" | "seen"): void {
  const rows = tx.db
    .update(messages)
    .set({ state })
    .where(eq(messages.turnId, turnId))
    .returning()
    .all();
  for (const row of rows)
    projectStatus(tx, row.beadId, "message", state === "seen" ? "closed" : "open");
  tx.touch("chat", turnId);
  const owner = tx.db
    .select({ agentId: sessions.agentId })
    .from(turns)
    .innerJoin(sessions, eq(sessions.id, turns.sessionId))
    .where(eq(turns.id, turnId))
    .get();
  // Whether the Mayor is at work depends on its turns.
  if (owner) tx.touch("agent", owner.agentId);
}

export interface TurnEffect {
  tool: string;
  arguments: string;
  answer: string;
  isError: boolean;
  beads: string[];
}

/** What an equal call in this turn answered before, or null. */
export function journaled(tx: Tx, turnId: string, key: string): TurnEffect | null {
  return (
    tx.db
      .select()
      .from(turnEffects)
      .where(and(eq(turnEffects.turnId, turnId), eq(turnEffects.key, key)))
      .get() ?? null
  );
}

/** A call made again stands in its old place with its newest answer. */
export function journal(tx: Tx, turnId: string, key: string, effect: TurnEffect): void {
  const count = tx.db
    .select({ n: sql<number>`count(*)` })
    .from(turnEffects)
    .where(eq(turnEffects.turnId, turnId))
    .get();
  tx.db
    .insert(turnEffects)
    .values({ turnId, key, n: (count?.n ?? 0) + 1, at: tx.now, ...effect })
    .onConflictDoUpdate({ target: [turnEffects.turnId, turnEffects.key], set: effect })
    .run();
  tx.touch("chat", turnId);
}

const TRANSCRIPT_CHARS_MAX = 60_000;

/** The settled conversation before a turn, or all of it, oldest first, cut to what fits. */
export function transcriptBefore(
  tx: Tx,
  sessionId: string,
  turnId: string | null,
): { from: "person" | "mayor"; text: string }[] {
  const before = turnId === null ? undefined : rowAt(tx.db, turns, turnId)?.n;
  const earlier = tx.db
    .select()
    .from(turns)
    .where(
      and(
        eq(turns.sessionId, sessionId),
        ne(turns.state, "pending"),
        before === undefined ? undefined : lt(turns.n, before),
      ),
    )
    .orderBy(desc(turns.n))
    .limit(100)
    .all();
  const lines: { from: "person" | "mayor"; text: string }[] = [];
  let chars = 0;
  for (const each of earlier) {
    chars += each.text.length + (each.answer?.length ?? 0);
    if (chars > TRANSCRIPT_CHARS_MAX) break;
    if (each.answer) lines.unshift({ from: "mayor", text: each.answer });
    lines.unshift({ from: "person", text: each.text });
  }
  return lines;
}
