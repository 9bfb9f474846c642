/** People who work on a bead themselves: taken, then given back. */
import { ok, refuse } from "../../protocol/index.ts";
import { beadResource } from "../reconcile/context.ts";
import { present } from "../store/present.ts";
import { rowAt } from "../store/rows.ts";
import { issues, reviews } from "../store/schema/beads.ts";
import { runners } from "../store/schema/runs.ts";
import { heldRuns } from "../store/unfinished.ts";
import { orderStop } from "../store/writes/runs.ts";
import { setTaken } from "../store/writes/saved/taken.ts";
import type { Apply } from "./command.ts";
import { findIssue, image } from "./find-bead.ts";

export const takeBead: Apply<"bead.take"> = (tx, body) => {
  const bead = findIssue(tx, body.bead, body.version);
  if (!bead.ok) return bead;
  const { id } = bead.value;
  const row = present(rowAt(tx.db, issues, id), `issue row of ${id}`);
  // Who takes it twice has lost his folder, and begins again.
  if (row.state === "closed" || row.state === "failed" || row.closing !== null)
    return refuse(
      "illegal_transition",
      `it is ${row.closing ? "being closed" : row.state}: reopen it first.`,
    );
  const review = row.reviewId === null ? undefined : rowAt(tx.db, reviews, row.reviewId);
  if (review?.state === "merging" || review?.laneOpen === true)
    return refuse(
      "busy",
      "a merge of it is under way or may still land: wait until that is known.",
      {
        retryable: true,
      },
    );
  if (row.state === "in_review")
    return refuse("illegal_transition", "it is in review: have it sent back, then take it.");
  if (row.landing)
    return refuse(
      "illegal_transition",
      "it is the landing of a convoy, which brings the work of others.",
    );
  setTaken(tx, id, { by: tx.actor, at: tx.now, given: null }, "a person works on it now");
  for (const runId of heldRuns(tx.db, beadResource(id)))
    orderStop(tx, runId, "stopped_by_person", "a person works on its bead");
  return ok(image(tx, id));
};

export const giveBead: Apply<"bead.give"> = (tx, { bead: ref, version, work }) => {
  const bead = findIssue(tx, ref, version);
  if (!bead.ok) return bead;
  const { id } = bead.value;
  const { taken } = present(rowAt(tx.db, issues, id), `issue row of ${id}`);
  if (taken === null)
    return refuse("illegal_transition", "nobody has taken it: `gastown take` does that first.");
  if (heldRuns(tx.db, beadResource(id)).length > 0)
    return refuse(
      "busy",
      taken.given === null
        ? "its agent is still being stopped: wait a moment."
        : "what was given before is being looked at: wait, or take it again.",
      { retryable: true },
    );
  if (work === null) {
    setTaken(tx, id, null, "given back as it was");
    return ok(image(tx, id));
  }
  if (work.runnerId !== null && !rowAt(tx.db, runners, work.runnerId))
    return refuse("not_found", "there is no such runner.");
  const what = work.review ? "for review" : "to be gone on with";
  setTaken(tx, id, { ...taken, given: work }, `given back ${what}: ${work.oid.slice(0, 12)}`);
  return ok(image(tx, id));
};
