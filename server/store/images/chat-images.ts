/** Chat entries: a person's message (by its bead id) and the Mayor's turn (by its turn id). */
import { asc, eq } from "drizzle-orm";
import type { ChatEntry } from "../../../protocol/index.ts";
import type { Db } from "../database.ts";
import { valueAt } from "../rows.ts";
import { beads, messages } from "../schema/beads.ts";
import { turnEffects, turns } from "../schema/runs.ts";

export function chatImage(db: Db, id: string): ChatEntry | null {
  return id.startsWith("ms_") ? personEntry(db, id) : mayorEntry(db, id);
}

function personEntry(db: Db, id: string): ChatEntry | null {
  const row = db
    .select()
    .from(messages)
    .innerJoin(beads, eq(beads.id, messages.beadId))
    .where(eq(messages.beadId, id))
    .get();
  if (!row) return null;
  const { turnId } = row.messages;
  return {
    id,
    kind: "person",
    sessionId: row.messages.sessionId,
    turnId,
    runId: null,
    author: row.beads.createdBy,
    text: row.beads.body,
    steps: [],
    state: row.messages.state,
    note: null,
    wait:
      turnId && row.messages.state === "queued" ? (valueAt(db, turns.wait, turnId) ?? null) : null,
    continued: null,
    beads: [],
    at: row.beads.createdAt,
  };
}

function mayorEntry(db: Db, id: string): ChatEntry | null {
  const turn = db.select().from(turns).where(eq(turns.id, id)).get();
  if (!turn) return null;
  const effects = db
    .select()
    .from(turnEffects)
    .where(eq(turnEffects.turnId, id))
    .orderBy(asc(turnEffects.n))
    .all();
  const state = {
    pending: "queued",
    running: "streaming",
    done: "done",
    failed: "failed",
  } as const;
  return {
    id,
    kind: "mayor",
    sessionId: turn.sessionId,
    turnId: id,
    runId: turn.runId,
    author: "Mayor",
    text: turn.answer ?? "",
    steps: effects.map((each) => ({
      tool: each.tool,
      arguments: each.arguments,
      result: each.answer.slice(0, 4_000),
      ok: !each.isError,
    })),
    state: state[turn.state],
    note: turn.note,
    wait: null,
    continued: turn.continued,
    beads: effects.flatMap((each) => each.beads),
    at: turn.startedAt ?? turn.createdAt,
  };
}
