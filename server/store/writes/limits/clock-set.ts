/** The host slept, or its clock was set: what is counted in its time goes on as if that had not been. */
import { isNotNull, lt, ne, sql } from "drizzle-orm";
import { issues, reviews } from "../../schema/beads.ts";
import { breaker, pauses, providers } from "../../schema/limits.ts";
import { rigs, runners, runs } from "../../schema/runs.ts";
import { outbox, town } from "../../schema/town.ts";
import type { Tx } from "../../tx.ts";
import { moveDeadlines } from "./pauses.ts";

/**
 * Moves waits, wall times and patience by `ms`, which is below 0 when the clock went back. What people were promised (the
 * deadline of a question, a reminder, the time of a message) stays where the calendar has it.
 */
export function followClock(tx: Tx, ms: number): void {
  const { db } = tx;
  const by = (column: Parameters<typeof isNotNull>[0]) => sql`${column} + ${ms}`;
  moveDeadlines(tx, ms);
  db.update(runs)
    .set({ stopOrderedAt: by(runs.stopOrderedAt) })
    .where(ne(runs.state, "ended"))
    .run();
  for (const table of [issues, reviews, rigs]) {
    const { backOffUntil } = table;
    db.update(table)
      .set({ backOffUntil: by(backOffUntil) })
      .where(isNotNull(backOffUntil))
      .run();
  }
  const { untilAt, releaseAt, strikeAt } = providers;
  db.update(providers)
    .set({ untilAt: by(untilAt), releaseAt: by(releaseAt), strikeAt: by(strikeAt) })
    .run();
  db.update(town)
    .set({ triageUntilAt: by(town.triageUntilAt) })
    .where(isNotNull(town.triageUntilAt))
    .run();
  db.update(breaker)
    .set({ untilAt: by(breaker.untilAt) })
    .where(isNotNull(breaker.untilAt))
    .run();
  db.update(pauses)
    .set({ at: by(pauses.at) })
    .run();
  db.update(outbox)
    .set({ nextAt: by(outbox.nextAt) })
    .run();
  // Nobody was heard after now: silence would not be noticed before the clock is there again.
  db.update(runners)
    .set({ lastSeenAt: tx.now })
    .where(lt(sql`${tx.now}`, runners.lastSeenAt))
    .run();
}
