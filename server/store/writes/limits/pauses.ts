/** Pauses: nothing new is dispatched; time stands still for what is counted by it. */
import { and, eq, inArray, isNotNull, ne, sql } from "drizzle-orm";
import { beads, issues, reviews } from "../../schema/beads.ts";
import { pauses } from "../../schema/limits.ts";
import { rigs, runs } from "../../schema/runs.ts";
import type { Tx } from "../../tx.ts";
import { touchTown } from "./limits.ts";

export interface Scope {
  kind: "town" | "rig" | "convoy";
  /** "town", or the id. */
  subject: string;
}

/** What holds the town ("town"), a rig or a convoy back now. */
export function pauseOf(tx: Tx, subject: string): typeof pauses.$inferSelect | undefined {
  return tx.db.select().from(pauses).where(eq(pauses.subject, subject)).get();
}

/** @returns false when it is paused or stopped like that already */
export function pause(tx: Tx, scope: Scope, kind: "pause" | "stop", reason: string): boolean {
  const { subject } = scope;
  const before = pauseOf(tx, subject);
  if (before && (before.kind === kind || before.kind === "stop")) return false;
  const row = { subject, kind, by: tx.actor, reason, at: before?.at ?? tx.now };
  tx.db.insert(pauses).values(row).onConflictDoUpdate({ target: pauses.subject, set: row }).run();
  touchScope(tx, scope);
  return true;
}

/** @returns false when it is not paused */
export function resume(tx: Tx, scope: Scope): boolean {
  const [row] = tx.db.delete(pauses).where(eq(pauses.subject, scope.subject)).returning().all();
  if (!row) return false;
  shift(tx, scope, tx.now - row.at);
  touchScope(tx, scope);
  return true;
}

/** Everything the pause changes is looked at again. */
function touchScope(tx: Tx, scope: Scope): void {
  touchTown(tx);
  if (scope.kind === "rig") tx.touch("rig", scope.subject);
  if (scope.kind === "convoy") {
    tx.touch("convoy", scope.subject);
    const members = tx.db
      .select({ id: issues.beadId, reviewId: issues.reviewId })
      .from(issues)
      .where(eq(issues.convoyId, scope.subject))
      .all();
    for (const { id, reviewId } of members) {
      tx.touch("issue", id);
      if (reviewId) tx.touch("review", reviewId);
    }
  }
  for (const { id } of liveRuns(tx, scope)) tx.touch("run", id);
}

function liveRuns(tx: Tx, scope: Scope): { id: string; offeredAt: number }[] {
  return tx.db
    .select({ id: runs.id, offeredAt: runs.offeredAt })
    .from(runs)
    .where(and(ne(runs.state, "ended"), runsIn(tx, scope)))
    .all();
}

function runsIn(tx: Tx, { kind, subject }: Scope) {
  if (kind === "town") return undefined;
  return kind === "rig" ? eq(runs.rigId, subject) : inArray(runs.beadId, beadsIn(tx, subject));
}

function beadsIn(tx: Tx, convoyId: string) {
  return tx.db.select({ id: issues.beadId }).from(issues).where(eq(issues.convoyId, convoyId));
}

/** The host stood still for so long, or its clock was set: nobody is blamed for that time. */
export function moveDeadlines(tx: Tx, ms: number): void {
  tx.db
    .update(runs)
    .set({ frozenMs: sql`${runs.frozenMs} + ${ms}` })
    .where(ne(runs.state, "ended"))
    .run();
  movePatience(tx, { kind: "town", subject: "town" }, ms);
}

/** Deadlines of runs, and the patience with infrastructure, move on by the time of the pause. */
function shift(tx: Tx, scope: Scope, ms: number): void {
  for (const { id, offeredAt } of liveRuns(tx, scope)) {
    const frozenMs = Math.min(ms, tx.now - offeredAt);
    tx.db
      .update(runs)
      .set({
        frozenMs: sql`${runs.frozenMs} + ${frozenMs}`,
        rungSince: sql`${runs.rungSince} + min(${ms}, ${tx.now} - ${runs.rungSince})`,
      })
      .where(eq(runs.id, id))
      .run();
  }
  movePatience(tx, scope, ms);
}

/** Moves the patience with infrastructure on. */
export function movePatience(tx: Tx, { kind, subject }: Scope, ms: number): void {
  const ofRig = tx.db.select({ id: beads.id }).from(beads).where(eq(beads.rigId, subject));
  const inScope = (column: typeof issues.beadId | typeof reviews.subjectId) => {
    if (kind === "town") return undefined;
    return kind === "rig" ? inArray(column, ofRig) : inArray(column, beadsIn(tx, subject));
  };
  tx.db
    .update(issues)
    .set({ infraSince: sql`${issues.infraSince} + ${ms}` })
    .where(and(isNotNull(issues.infraSince), inScope(issues.beadId)))
    .run();
  tx.db
    .update(reviews)
    .set({ infraSince: sql`${reviews.infraSince} + ${ms}` })
    .where(and(isNotNull(reviews.infraSince), inScope(reviews.subjectId)))
    .run();
  if (kind === "convoy") return;
  tx.db
    .update(rigs)
    .set({ infraSince: sql`${rigs.infraSince} + ${ms}` })
    .where(and(isNotNull(rigs.infraSince), kind === "rig" ? eq(rigs.id, subject) : undefined))
    .run();
}
