/**
 * Events wait for the Mayor until a person speaks to it: the machine never prompts it. A turn that begins takes all that
 * waits, once.
 */
import { and, eq, isNotNull, isNull, lt, sql } from "drizzle-orm";
import { shortId } from "../../../../protocol/index.ts";
import { digest } from "../../schema/attention.ts";
import { beads } from "../../schema/beads.ts";
import { turns } from "../../schema/runs.ts";
import type { Tx } from "../../tx.ts";

export type DigestKind = "landed" | "done" | "failed" | "escalated" | "asked" | "triaged";

/** Events that wait for a person to speak; older ones are dropped. */
const WAITING_MAX = 500;
const TEXT_CHARS_MAX = 300;

/** Something the Mayor should know of a bead. The newest word of a kind counts. */
export function noteForMayor(tx: Tx, kind: DigestKind, beadId: string, text: string): void {
  const bead = tx.db.select({ title: beads.title }).from(beads).where(eq(beads.id, beadId)).get();
  const line = `${kind} ${shortId(beadId)} “${bead?.title ?? ""}”: ${text}`;
  const said = { text: line.replaceAll("\n", " ").slice(0, TEXT_CHARS_MAX), at: tx.now };
  const same = and(isNull(digest.turnId), eq(digest.subjectId, beadId), eq(digest.kind, kind));
  const known = tx.db.update(digest).set(said).where(same).returning({ id: digest.id }).all();
  if (known.length > 0) return;
  const added = tx.db
    .insert(digest)
    .values({ kind, subjectId: beadId, ...said })
    .returning({ id: digest.id })
    .get();
  tx.db
    .delete(digest)
    .where(and(isNull(digest.turnId), lt(digest.id, added.id - WAITING_MAX)))
    .run();
}

/** Gives what waits to a turn, at its first start only. */
export function takeDigest(tx: Tx, turnId: string): void {
  const fresh = tx.db
    .update(turns)
    .set({ digestAt: tx.now })
    .where(and(eq(turns.id, turnId), isNull(turns.digestAt)))
    .returning({ id: turns.id })
    .all();
  if (fresh.length === 0) return;
  tx.db.update(digest).set({ turnId }).where(isNull(digest.turnId)).run();
  // What was given to turns that are long over is of no use.
  const over = sql`(select id from turns where state in ('done', 'failed') and ended_at < ${tx.now - tx.policy.changesKeptMs})`;
  tx.db
    .delete(digest)
    .where(and(isNotNull(digest.turnId), sql`${digest.turnId} in ${over}`))
    .run();
}
