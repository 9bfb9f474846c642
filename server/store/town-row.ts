import type { Database } from "bun:sqlite";
import { eq, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { Db } from "./database.ts";
import type { NewId } from "./id-source.ts";
import { present } from "./present.ts";
import { addRow, rowAt } from "./rows.ts";
import { agents, beads } from "./schema/beads.ts";
import { runs, sessions, usageTotals } from "./schema/runs.ts";
import { breaker } from "./schema/limits.ts";
import { town } from "./schema/town.ts";

/** The one row of the totals. */
export const ALL_USAGE = "town";

/**
 * Epochs are no less than the seconds since 1970: a backup that was put back knows nothing of those that came after it,
 * and what they gave out (fences at runners and remotes, positions of pages) must not be given out again.
 */
function epochAt(now: number): number {
  return Math.max(1, Math.floor(now / 1_000));
}

/** Begins the next epoch of this town, or founds it with its Mayor. Before any other write. */
export function beginEpoch(
  raw: Database,
  db: Db,
  given: { now: number; newId: NewId; demo: boolean },
): { townId: string; epoch: number } {
  return raw.transaction(() => {
    const at = given.now;
    db.insert(breaker)
      .values({ id: "town", since: at, resetAt: at, spentSince: at })
      .onConflictDoNothing()
      .run();
    beginTotals(db);
    const known = db.select().from(town).get();
    if (!known) return found(db, given);
    const row = db
      .update(town)
      .set({
        epoch: sql`max(${town.epoch} + 1, ${epochAt(given.now)})`,
        version: 0,
        startedAt: given.now,
        stoppedCleanly: false,
      })
      .where(eq(town.id, known.id))
      .returning()
      .get();
    return { townId: row.id, epoch: row.epoch };
  })();
}

/** Of a town that is older than its totals, what its runs used is added up, once. */
function beginTotals(db: Db): void {
  if (rowAt(db, usageTotals, ALL_USAGE)) return;
  const sum = (column: SQLiteColumn) => sql<number>`coalesce(sum(${column}), 0)`;
  const used = db
    .select({
      calls: sum(runs.calls),
      inputTokens: sum(runs.inputTokens),
      outputTokens: sum(runs.outputTokens),
      reasoningTokens: sum(runs.reasoningTokens),
      cacheReadTokens: sum(runs.cacheReadTokens),
      cacheWriteTokens: sum(runs.cacheWriteTokens),
      costMicroUsd: sum(runs.costMicroUsd),
      unpricedCalls: sum(runs.unpricedCalls),
    })
    .from(runs)
    .get();
  addRow(db, usageTotals, { id: ALL_USAGE, ...present(used, "the sum of runs") });
}

function found(
  db: Db,
  { now, newId, demo }: { now: number; newId: NewId; demo: boolean },
): { townId: string; epoch: number } {
  const townId = newId("town");
  const epoch = epochAt(now);
  const sessionId = newId("session");
  const agentId = newId("agent");
  db.insert(beads)
    .values({
      id: agentId,
      type: "agent",
      status: "open",
      title: "Mayor",
      createdBy: "town",
      createdAt: now,
      updatedAt: now,
    })
    .run();
  db.insert(agents).values({ beadId: agentId, name: "Mayor", role: "mayor" }).run();
  db.insert(sessions).values({ id: sessionId, role: "mayor", agentId, createdAt: now }).run();
  db.insert(town)
    .values({
      id: townId,
      name: "Gastown",
      epoch,
      version: 0,
      demo,
      sessionId,
      createdAt: now,
      startedAt: now,
      stoppedCleanly: false,
    })
    .run();
  return { townId, epoch };
}
