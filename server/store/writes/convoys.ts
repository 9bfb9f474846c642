/** Convoys: creation, every change of their state, and which beads are theirs. */
import { and, eq, inArray } from "drizzle-orm";
import type { ConvoyMode, Delivery, FailureReason } from "../../../protocol/index.ts";
import { convoyBranch } from "../../model/delivery.ts";
import { CONVOY_STATUS, convoyAfter, type ConvoyEvent } from "../../model/convoy-states.ts";
import { beadDependencies, beads, convoys, issues } from "../schema/beads.ts";
import type { Tx } from "../tx.ts";
import { insertBead, projectStatus, recordEvent, removeDependency } from "./beads.ts";
import { attachSavedWork, createIssue, lastLanded, moveIssue } from "./issues.ts";
import { submitReview } from "./reviews.ts";
import { noteForMayor } from "./attention/digest.ts";

export function createConvoy(
  tx: Tx,
  convoy: {
    title: string;
    rigId: string;
    staged: boolean;
    mode: ConvoyMode;
    delivery: Delivery | null;
  },
): string {
  const { title, rigId, staged, mode, delivery } = convoy;
  const state = staged ? "staged" : "active";
  const id = insertBead(tx, { type: "convoy", status: CONVOY_STATUS[state], title, rigId });
  const branch = mode === "review-then-land" ? convoyBranch(title, id) : null;
  tx.db.insert(convoys).values({ beadId: id, state, mode, branch, delivery }).run();
  recordEvent(tx, id, "created", staged ? "created, staged" : "created");
  return id;
}

/**
 * Applies one event of the convoy's state machine with its projection and history line.
 * @returns false when the event is refused in the present state
 */
export function moveConvoy(
  tx: Tx,
  id: string,
  event: ConvoyEvent,
  { text, failure = null }: { text: string; failure?: FailureReason | null },
): boolean {
  const row = tx.db.select().from(convoys).where(eq(convoys.beadId, id)).get();
  if (!row) throw new Error(`convoy ${id} is not there`);
  const state = convoyAfter(row.state, event);
  if (state === null) return false;
  tx.db
    .update(convoys)
    .set({ state, failure, landedAt: state === "landed" ? tx.now : null })
    .where(eq(convoys.beadId, id))
    .run();
  projectStatus(tx, id, "convoy", CONVOY_STATUS[state]);
  recordEvent(tx, id, event, text, { failure });
  if (state === "landed" || state === "failed") noteForMayor(tx, state, id, text);
  return true;
}

export function membersOf(tx: Tx, convoyId: string): string[] {
  return tx.db
    .select({ id: issues.beadId })
    .from(issues)
    .where(eq(issues.convoyId, convoyId))
    .all()
    .map((row) => row.id);
}

/** The bead goes its own way: nothing of the convoy waits for it any more, nor it for the convoy's others. */
export function leaveConvoy(tx: Tx, convoyId: string, beadId: string): void {
  const others = membersOf(tx, convoyId).filter((id) => id !== beadId);
  const edges = tx.db
    .select()
    .from(beadDependencies)
    .where(inArray(beadDependencies.beadId, [beadId, ...others]))
    .all();
  for (const edge of edges) {
    const both = [edge.beadId, edge.onId];
    if (both.includes(beadId) && both.some((id) => others.includes(id)))
      removeDependency(tx, edge.beadId, edge.onId);
  }
  const row = tx.db.select().from(convoys).where(eq(convoys.beadId, convoyId)).get();
  // Work that began on the convoy's branch would take the others' work along: its run keeps it.
  const forgotten = { savedRef: null, savedOid: null, savedBaseOid: null, savedRunId: null };
  const left = { convoyId: null, ...(typeof row?.branch === "string" && forgotten) };
  tx.db.update(issues).set(left).where(eq(issues.beadId, beadId)).run();
  tx.db
    .update(beads)
    .set({ parentId: null })
    .where(and(eq(beads.id, beadId), eq(beads.parentId, convoyId)))
    .run();
  tx.touch("issue", beadId);
  tx.touch("convoy", convoyId);
  recordEvent(tx, beadId, "left_convoy", "taken out of its convoy");
}

/** Opens the bead that brings the convoy's branch to the target, with a review of what lies on it. */
export function openLanding(
  tx: Tx,
  convoyId: string,
  { headOid, baseOid }: { headOid: string; baseOid: string },
): string {
  const bead = tx.db.select().from(beads).where(eq(beads.id, convoyId)).get();
  const row = tx.db.select().from(convoys).where(eq(convoys.beadId, convoyId)).get();
  if (!bead?.rigId || !row?.branch) throw new Error(`convoy ${convoyId} has no branch to land`);
  const title = `Land: ${bead.title}`.slice(0, 200);
  const id = createIssue(tx, {
    title,
    body: `Brings branch ${row.branch}, where the beads of the convoy have landed, to the target.`,
    rigId: bead.rigId,
    priority: bead.priority,
    delivery: row.delivery,
    convoyId,
  });
  const saved = { ref: `refs/heads/${row.branch}`, oid: headOid, baseOid, runId: null };
  const landingN = lastLanded(tx, convoyId);
  tx.db.update(issues).set({ landing: true, landingN }).where(eq(issues.beadId, id)).run();
  attachSavedWork(tx, id, saved);
  submitReview(tx, {
    ...{ beadId: id, title, rigId: bead.rigId, headOid, baseOid, branch: row.branch },
    ...{ summary: `All of ${bead.title}`, round: 1, cycle: 1, runId: null },
  });
  const heads = { head: headOid, base: baseOid };
  if (moveIssue(tx, id, "resumed_review", { text: `begins to land ${row.branch}`, heads }) === null)
    throw new Error(`${id} cannot be reviewed`);
  return id;
}
