/** Which snapshot of a session, or of a bead's author, there is, and whether the next run may begin with it. */
import { and, desc, eq, like, lt, ne, or, sql } from "drizzle-orm";
import {
  PROGRAM_TITLES,
  type AgentProgram,
  type RunSpecOf,
  type Snapshot,
} from "../../../../protocol/index.ts";
import { whyAfresh } from "../../../model/agents/author-session.ts";
import type { Db } from "../../database.ts";
import { given, prepared } from "../../prepared.ts";
import { runs, turns } from "../../schema/runs.ts";
import { snapshots } from "../../schema/snapshots.ts";
import { rowAt } from "../../rows.ts";
import type { Tx } from "../../tx.ts";

/** Beads whose author's session is kept, beyond which the oldest go: each may take as much as a snapshot may. */
const BEADS_MAX = 64;
const OF_BEADS = "bead:";

interface Begins {
  snapshot: Snapshot | null;
  noSnapshot: string | null;
}

/** Puts it in the place of the resource's last one. Returns the digests that nothing names any more. */
export function keepSnapshot(
  tx: Tx,
  { resource, runId }: { resource: string; runId: string },
  snapshot: Snapshot,
): string[] {
  const before = rowAt(tx.db, snapshots, resource);
  const row = { ...snapshot, resource, runId, at: tx.now };
  tx.db
    .insert(snapshots)
    .values(row)
    .onConflictDoUpdate({ target: snapshots.resource, set: row })
    .run();
  const replaced = before === undefined || before.sha256 === snapshot.sha256 ? [] : [before.sha256];
  return [...replaced, ...dropOldest(tx)];
}

function dropOldest(tx: Tx): string[] {
  const old = tx.db
    .select({ resource: snapshots.resource, sha256: snapshots.sha256 })
    .from(snapshots)
    .where(like(snapshots.resource, `${OF_BEADS}%`))
    .orderBy(desc(snapshots.at), desc(snapshots.runId))
    .all()
    .slice(BEADS_MAX);
  for (const { resource } of old)
    tx.db.delete(snapshots).where(eq(snapshots.resource, resource)).run();
  return old.map(({ sha256 }) => sha256);
}

/** Nobody works on the bead any more: its author's session is not gone on with. */
export function forgetAuthor(tx: Tx, beadId: string): void {
  removeRow(tx.db).run({ resource: `${OF_BEADS}${beadId}` });
}
const removeRow = prepared((db) =>
  db
    .delete(snapshots)
    .where(eq(snapshots.resource, given("resource")))
    .prepare(),
);

/** The digests that rows name. */
export function namedBlobs(db: Db): Set<string> {
  const rows = db.select({ sha256: snapshots.sha256 }).from(snapshots).all();
  return new Set(rows.map(({ sha256 }) => sha256));
}

/** The digest that is kept of each bead's author, by bead. */
export function authorBlobs(db: Db): Map<string, string> {
  const rows = db.select().from(snapshots).all();
  return new Map(
    rows.flatMap(({ resource, sha256 }) =>
      resource.startsWith(OF_BEADS) ? [[resource.slice(OF_BEADS.length), sha256] as const] : [],
    ),
  );
}

/**
 * What the run that begins with this turn, or with none, goes on from: a snapshot that ends with the turn before, of its own program; else
 * why not. Neither where there is nothing to go on with.
 */
export function snapshotBefore(
  db: Db,
  {
    resource,
    sessionId,
    turnId,
    program,
  }: { resource: string; sessionId: string; turnId: string | null; program: AgentProgram },
): Begins {
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
  const kept = rowAt(db, snapshots, resource);
  if (!kept) return none("Nothing was kept of what the Mayor remembers.");
  if (kept.program !== program)
    return none(`What was kept is of another program, ${PROGRAM_TITLES[kept.program]}.`);
  const known = kept.turnId === null ? undefined : rowAt(db, turns, kept.turnId);
  if (!known) return none("What was kept holds a turn that this town does not know.");
  if (known.id !== last.id) return none("Nothing was kept after the last turn.");
  return { snapshot: asOffered(kept), noSnapshot: null };
}

/** What a run of work goes on from: a rework from its author's session, where the rules allow it, else it is said why not. */
export function authorBefore(tx: Tx, spec: RunSpecOf<"work">): Begins {
  const { resource, bead, handed, remember, program, rig } = spec;
  if (bead.feedback === null || handed !== null || !remember)
    return { snapshot: null, noSnapshot: null };
  const kept = rowAt(tx.db, snapshots, resource) ?? null;
  const last = lastWork(tx.db).get({ resource });
  const policy = tx.policies.rigs.get(rig.id) ?? tx.policy;
  const why = whyAfresh(kept, {
    ...{ program, now: tx.now, keptMs: policy.authorSessionMs },
    last: last ?? null,
  });
  if (kept === null || why !== null) return { snapshot: null, noSnapshot: why };
  return { snapshot: asOffered(kept), noSnapshot: null };
}

/** The newest run that worked on a bead, a person's work that was taken included. */
const lastWork = prepared((db) =>
  db
    .select({ runId: runs.id, context: runs.context })
    .from(runs)
    .where(
      and(
        eq(runs.resource, given("resource")),
        eq(runs.kind, "work"),
        or(sql`${runs.startedAt} is not null`, eq(runs.outcome, "done")),
      ),
    )
    .orderBy(desc(runs.id))
    .limit(1)
    .prepare(),
);

function asOffered({ turnId, program, sha256, bytes }: typeof snapshots.$inferSelect): Snapshot {
  return { turnId, program, sha256, bytes };
}
