/** How beads end and begin again by a person's word: close, cancel, reopen, delete. */
import { ok, refuse, type Closing, type Result } from "../../protocol/index.ts";
import { issueAfter } from "../model/states.ts";
import { beadResource } from "../reconcile/context.ts";
import { dependentsOf } from "../store/dependencies.ts";
import { present } from "../store/present.ts";
import { rowAt, valueAt } from "../store/rows.ts";
import { convoys, issues, reviews } from "../store/schema/beads.ts";
import type { Tx } from "../store/tx.ts";
import { buryBead, setArchived, setHeld, wishClosed } from "../store/writes/bead-edits.ts";
import { bumpVersion } from "../store/writes/beads.ts";
import { moveConvoy } from "../store/writes/convoys.ts";
import { closeIssue, moveIssue, forgiveLife } from "../store/writes/issues.ts";
import { moveMolecule, setSkipped } from "../store/writes/molecules.ts";
import { heldRuns } from "../store/unfinished.ts";
import { orderStop } from "../store/writes/runs.ts";
import type { Apply } from "./command.ts";
import { findIssue, image } from "./find-bead.ts";

type IssueRow = typeof issues.$inferSelect;

function issueRow(tx: Tx, id: string): IssueRow {
  return present(rowAt(tx.db, issues, id), `issues row of ${id}`);
}

function reviewOf(tx: Tx, row: IssueRow): typeof reviews.$inferSelect | undefined {
  return row.reviewId === null ? undefined : rowAt(tx.db, reviews, row.reviewId);
}

export const closeBead: Apply<"bead.close"> = (tx, body) => {
  const bead = findIssue(tx, body.bead, body.version);
  if (!bead.ok) return bead;
  const { id } = bead.value;
  const row = issueRow(tx, id);
  const review = reviewOf(tx, row);
  if (review?.state === "merging") {
    return refuse(
      "merge_in_flight",
      "its merge is under way: close it after that has settled, or cancel it, which waits for that.",
      { retryable: true, minBackoffMs: 2_000 },
    );
  }
  const closable = canClose(row);
  if (!closable.ok) return closable;
  if (review?.laneOpen === true) wish(tx, row, { ...body, waitsFor: "lane" });
  else end(tx, row, body);
  return ok(image(tx, id));
};

/** Stops the run with its work saved, lets a merge settle, then closes as cancelled. */
export const cancelBead: Apply<"bead.cancel"> = (tx, body) => {
  const bead = findIssue(tx, body.bead, body.version);
  if (!bead.ok) return bead;
  const { id } = bead.value;
  const row = issueRow(tx, id);
  const closable = canClose(row);
  if (!closable.ok) return closable;
  cancel(tx, row, body.reason);
  return ok(image(tx, id));
};

/** Cancels a bead that can be closed: at once, or when what is under way has ended. */
function cancel(tx: Tx, row: IssueRow, reason: string): void {
  const cancelled = { outcome: "cancelled", reason } as const;
  const waitsFor = obstacle(tx, row);
  if (waitsFor === null) end(tx, row, cancelled);
  else wish(tx, row, { ...cancelled, waitsFor });
}

/** Cancels a bead unless it is closed, or being closed, already. */
export function cancelIfOpen(tx: Tx, id: string, reason: string): void {
  const row = issueRow(tx, id);
  if (canClose(row).ok) cancel(tx, row, reason);
}

function canClose(row: IssueRow): Result<null> {
  if (issueAfter(row.state, "closed_by_outcome") === null)
    return refuse(
      "illegal_transition",
      `it is ${row.state} already: there is nothing left to close.`,
    );
  if (row.closing !== null)
    return refuse(
      "illegal_transition",
      `it is being closed as ${row.closing.outcome} already: wait for its run to end.`,
    );
  return ok(null);
}

/** What has to end before the bead can be closed, or null. */
function obstacle(tx: Tx, row: IssueRow): Closing["waitsFor"] | null {
  const review = reviewOf(tx, row);
  if (review?.state === "merging") return "merge_in_flight";
  if (heldRuns(tx.db, beadResource(row.beadId)).length > 0) return "run";
  return review?.laneOpen === true ? "lane" : null;
}

function wish(tx: Tx, row: IssueRow, { outcome, reason, waitsFor }: Closing): void {
  wishClosed(tx, row.beadId, row.reviewId, { outcome, reason, waitsFor });
  for (const run of heldRuns(tx.db, beadResource(row.beadId)))
    orderStop(tx, run, "stopped_by_person", "its bead is being closed");
}

function end(tx: Tx, row: IssueRow, how: Pick<Closing, "outcome" | "reason">): void {
  closeIssue(tx, row, how);
  bumpVersion(tx, row.beadId);
}

export const reopenBead: Apply<"bead.reopen"> = (tx, body) => {
  const bead = findIssue(tx, body.bead, body.version);
  if (!bead.ok) return bead;
  const { id } = bead.value;
  const row = issueRow(tx, id);
  if (row.outcome === "landed") {
    return refuse("illegal_transition", "it has landed: sling a new bead for what is missing.");
  }
  forgiveLife(tx, id);
  const moved = moveIssue(tx, id, "reopened", {
    text: `reopened: cycle ${row.cycle + 1}, on a new branch`,
    nextCycle: true,
    outcome: null,
    failure: null,
    runId: null,
  });
  if (moved === null)
    return refuse(
      "illegal_transition",
      `it is ${row.state}: only a failed or closed bead can be reopened.`,
    );
  bumpVersion(tx, id);
  if (bead.value.archivedAt !== null) setArchived(tx, bead.value, false);
  // Who reopens it wants it worked on, and nobody has a card any more that says that it is held.
  if (bead.value.held) setHeld(tx, id, false);
  if (row.skipped) setSkipped(tx, id, false);
  if (row.moleculeId)
    moveMolecule(tx, row.moleculeId, "step_reopened", { text: `step ${row.step} was reopened` });
  if (row.convoyId) moveConvoy(tx, row.convoyId, "task_reopened", { text: "a bead was reopened" });
  return ok(image(tx, id));
};

/** Only what nothing depends on, nothing works on, and nothing landed of. */
export const deleteBead: Apply<"bead.delete"> = (tx, body) => {
  const bead = findIssue(tx, body.bead, body.version);
  if (!bead.ok) return bead;
  const { id, status } = bead.value;
  const row = issueRow(tx, id);
  if (row.outcome === "landed" || row.landedOid !== null)
    return refuse("illegal_transition", "it has landed: archive it instead.");
  if (
    status === "in_progress" ||
    status === "in_review" ||
    heldRuns(tx.db, beadResource(id)).length > 0
  )
    return refuse("busy", "it is at work: cancel it first.", { retryable: true });
  if (reviewOf(tx, row)?.laneOpen === true)
    return refuse(
      "busy",
      "a merge of it was cut off: cancel it, which makes sure that nothing lands.",
    );
  if (row.moleculeId !== null)
    return refuse("illegal_transition", "it is a step of a molecule: cancel it instead.");
  if (row.landing)
    return refuse("illegal_transition", "it is the landing of a convoy: archive it instead.");
  const waiting = dependentsOf(tx.db, id);
  if (waiting.length > 0) {
    return refuse(
      "illegal_transition",
      `${waiting.length} beads depend on it: take those dependencies away first.`,
      { details: { beads: waiting.slice(0, 20) } },
    );
  }
  buryBead(tx, bead.value);
  // What its end had kept from landing is looked at again.
  if (row.convoyId !== null && valueAt(tx.db, convoys.state, row.convoyId) === "failed")
    moveConvoy(tx, row.convoyId, "task_reopened", { text: `goes on without ${bead.value.title}` });
  return ok({ id });
};
