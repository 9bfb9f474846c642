/** Which snapshot of a session there is, and whether the next run may begin with it. */
import { and, desc, eq, lt, ne } from "drizzle-orm";
import { PROGRAM_TITLES, type AgentProgram, type Snapshot } from "../../../../protocol/index.ts";
import type { Db } from "../../database.ts";
import { turns } from "../../schema/runs.ts";
import { snapshots } from "../../schema/snapshots.ts";
import { rowAt } from "../../rows.ts";
import type { Tx } from "../../tx.ts";

/** Puts it in the place of the session's last one. Returns the digest that nothing names any more. */
export function keepSnapshot(
  tx: Tx,
  { sessionId, runId }: { sessionId: string; runId: string },
  snapshot: Snapshot,
): string | null {
  const before = rowAt(tx.db, snapshots, sessionId);
  const row = { ...snapshot, sessionId, runId, at: tx.now };
  tx.db
    .insert(snapshots)
    .values(row)
    .onConflictDoUpdate({ target: snapshots.sessionId, set: row })
    .run();
  return before === undefined || before.sha256 === snapshot.sha256 ? null : before.sha256;
}

/** The digests that rows name. */
export function namedBlobs(db: Db): Set<string> {
  const rows = db.select({ sha256: snapshots.sha256 }).from(snapshots).all();
  return new Set(rows.map(({ sha256 }) => sha256));
}

/**
 * What the run that begins with this turn, or with none, goes on from: a snapshot that ends with the turn before, of its own program; else
 * why not. Neither where there is nothing to go on with.
 */
export function snapshotBefore(
  db: Db,
  {
    sessionId,
    turnId,
    program,
  }: { sessionId: string; turnId: string | null; program: AgentProgram },
): { snapshot: Snapshot | null; noSnapshot: string | null } {
  const before = turnId === null ? undefined : rowAt(db, turns, turnId)?.n;
  const last = db
    .select({ id: turns.id })
    .from(turns)
    .where(
      and(
        eq(turns.sessionId, sessionId),
        before === undefined ? ne(turns.state, "pending") : lt(turns.n, before),
      ),
    )
    .orderBy(desc(turns.n))
    .limit(1)
    .get();
  if (!last) return { snapshot: null, noSnapshot: null };
  const none = (noSnapshot: string) => ({ snapshot: null, noSnapshot });
  const kept = rowAt(db, snapshots, sessionId);
  if (!kept) return none("Nothing was kept of what the Mayor remembers.");
  if (kept.program !== program)
    return none(`What was kept is of another program, ${PROGRAM_TITLES[kept.program]}.`);
  const known = rowAt(db, turns, kept.turnId);
  if (!known) return none("What was kept holds a turn that this town does not know.");
  if (known.id !== last.id) return none("Nothing was kept after the last turn.");
  const { sha256, bytes } = kept;
  return { snapshot: { turnId: kept.turnId, program, sha256, bytes }, noSnapshot: null };
}
