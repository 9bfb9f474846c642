/** What people change of a bead without moving its state. Each edit counts up its version. */
import { eq } from "drizzle-orm";
import type { Closing, Delivery, Gate, Priority } from "../../../protocol/index.ts";
import { BEAD_TYPES } from "../../model/bead-types.ts";
import { beads, issues, tombstones } from "../schema/beads.ts";
import { beadDependencies } from "../schema/beads.ts";
import { timers } from "../schema/town.ts";
import { rowAt, valueAt } from "../rows.ts";
import type { Tx } from "../tx.ts";
import { expireMailsTo } from "./attention/mails.ts";
import { bumpVersion, recordEvent } from "./beads.ts";
import { setWait, unqueue } from "./ready.ts";
import { touchRisk } from "./saved/risk.ts";
import { oweForgetting } from "./saved/saved-refs.ts";
import { forgetAuthor } from "./snapshots/snapshots.ts";

type BeadRow = typeof beads.$inferSelect;

export interface BeadEdit {
  title?: string;
  body?: string;
  priority?: Priority;
  labels?: string[];
  delivery?: Delivery | null;
  wishedAgentId?: string | null;
  checks?: Gate[];
}

/** Changes what is named, with one line of history that says what. */
export function editBead(tx: Tx, id: string, edit: BeadEdit): void {
  const { delivery, wishedAgentId, checks, ...universal } = edit;
  if (Object.keys(universal).length > 0)
    tx.db.update(beads).set(universal).where(eq(beads.id, id)).run();
  if (wishedAgentId !== undefined) touchWished(tx, id, wishedAgentId);
  if (delivery !== undefined || wishedAgentId !== undefined || checks !== undefined) {
    tx.db
      .update(issues)
      .set({
        ...(delivery !== undefined && { delivery }),
        ...(wishedAgentId !== undefined && { wishedAgentId }),
        ...(checks !== undefined && { checks }),
      })
      .where(eq(issues.beadId, id))
      .run();
  }
  if (edit.title !== undefined) touchMolecule(tx, id);
  bumpVersion(tx, id);
  recordEvent(tx, id, "edited", `changed: ${Object.keys(edit).map(wordOf).join(", ")}`);
}

/** Agents stay while a bead wishes for them: the one that it wished for, and the one that it wishes for now. */
function touchWished(tx: Tx, id: string, now: string | null): void {
  for (const agent of [valueAt(tx.db, issues.wishedAgentId, id) ?? null, now])
    if (agent !== null) tx.touch("agent", agent);
}

/** A molecule shows the titles of its steps. */
function touchMolecule(tx: Tx, id: string): void {
  const moleculeId = valueAt(tx.db, issues.moleculeId, id) ?? null;
  if (moleculeId !== null) tx.touch("molecule", moleculeId);
}

const WORDS: Readonly<Record<string, string>> = { wishedAgentId: "assignee" };

function wordOf(key: string): string {
  return WORDS[key] ?? key;
}

/** A held bead stays where it is: nothing of it is started. */
export function setHeld(tx: Tx, id: string, held: boolean): void {
  tx.db.update(beads).set({ held }).where(eq(beads.id, id)).run();
  bumpVersion(tx, id);
  recordEvent(tx, id, held ? "held" : "released", held ? "held" : "released");
}

export function setArchived(tx: Tx, bead: BeadRow, archived: boolean): void {
  tx.db
    .update(beads)
    .set({ archivedAt: archived ? tx.now : null })
    .where(eq(beads.id, bead.id))
    .run();
  bumpVersion(tx, bead.id);
  recordEvent(tx, bead.id, archived ? "archived" : "unarchived", archived ? "archived" : "back");
}

/** Remembers the wish to close a bead; nothing more of it is offered. */
export function wishClosed(
  tx: Tx,
  beadId: string,
  reviewId: string | null,
  closing: Closing,
): void {
  tx.db.update(issues).set({ closing }).where(eq(issues.beadId, beadId)).run();
  unqueue(tx, beadId);
  if (reviewId !== null) setWait(tx, "review", reviewId, null, null);
  bumpVersion(tx, beadId);
  const why = closing.reason === "" ? "" : `: ${closing.reason}`;
  recordEvent(tx, beadId, "closing", `to be closed as ${closing.outcome}${why}`);
}

/** Takes a bead out of the record and leaves its tombstone. Runs, use and history keep its id. */
export function buryBead(tx: Tx, bead: BeadRow): void {
  const { id, type, title, rigId } = bead;
  recordEvent(tx, id, "deleted", `deleted: ${title}`);
  expireMailsTo(tx, id, "its bead was deleted");
  tx.db
    .insert(tombstones)
    .values({ beadId: id, type, title, rigId, deletedBy: tx.actor, deletedAt: tx.now })
    .run();
  const freed = tx.db
    .delete(beadDependencies)
    .where(eq(beadDependencies.beadId, id))
    .returning({ onId: beadDependencies.onId })
    .all();
  for (const { onId } of freed) tx.touch("issue", onId);
  unqueue(tx, id);
  touchWished(tx, id, null);
  const row = rowAt(tx.db, issues, id);
  if (row?.convoyId) tx.touch("convoy", row.convoyId);
  if (row?.reviewId) tx.touch("review", row.reviewId);
  tx.db.delete(timers).where(eq(timers.subject, id)).run();
  tx.db.delete(issues).where(eq(issues.beadId, id)).run();
  tx.db.delete(beads).where(eq(beads.id, id)).run();
  touchRisk(tx, id);
  oweForgetting(tx, id, 0);
  forgetAuthor(tx, id);
  tx.touch(BEAD_TYPES[type].image, id);
}
