/** What happened in the town, as the Mayor reads it before a turn. */
import { asc, eq } from "drizzle-orm";
import type { Db } from "../database.ts";
import { given, prepared } from "../prepared.ts";
import { digest } from "../schema/attention.ts";

/** Lines that are put before a turn; of more, the newest. */
const LINES_MAX = 40;

const ofTurn = prepared((db) =>
  db
    .select({ text: digest.text })
    .from(digest)
    .where(eq(digest.turnId, given("turnId")))
    .orderBy(asc(digest.id))
    .prepare(),
);

/** The lines that were given to a turn, oldest first: the same each time it is run. */
export function digestOf(db: Db, turnId: string): string[] {
  const lines = ofTurn(db)
    .all({ turnId })
    .map((row) => row.text);
  const left = lines.length - LINES_MAX;
  return left <= 0 ? lines : [`and ${left} earlier things`, ...lines.slice(left)];
}
