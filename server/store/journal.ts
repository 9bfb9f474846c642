/** The journal of a turn's effects, as the briefing of its next execution carries it. */
import { asc, eq } from "drizzle-orm";
import type { Db } from "./database.ts";
import { turnEffects } from "./schema/runs.ts";

/** An equal call is answered in full by the town; the briefing only says what has happened. */
const ENTRY_CHARS_MAX = 2_000;
const JOURNAL_CHARS_MAX = 60_000;

/** The effects in order; of a very long journal the newest. */
export function journalOf(
  db: Db,
  turnId: string,
): { tool: string; arguments: string; answer: string }[] {
  const rows = db
    .select({
      tool: turnEffects.tool,
      arguments: turnEffects.arguments,
      answer: turnEffects.answer,
    })
    .from(turnEffects)
    .where(eq(turnEffects.turnId, turnId))
    .orderBy(asc(turnEffects.n))
    .all()
    .map((row) => ({
      tool: row.tool,
      arguments: row.arguments.slice(0, ENTRY_CHARS_MAX),
      answer: row.answer.slice(0, ENTRY_CHARS_MAX),
    }));
  let chars = 0;
  const first = rows.findLastIndex((row) => {
    chars += row.arguments.length + row.answer.length;
    return chars > JOURNAL_CHARS_MAX;
  });
  return rows.slice(first + 1);
}
