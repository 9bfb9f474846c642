/** Convoys as people change them: start, edit, decide about failed tasks, cancel. */
import { and, eq } from "drizzle-orm";
import { ok, refuse, TASKS_MAX, type Convoy, type Result } from "../../../protocol/index.ts";
import { blockersOf } from "../../store/dependencies.ts";
import { convoyImage } from "../../store/images/images.ts";
import { present } from "../../store/present.ts";
import { convoys, issues, reviews } from "../../store/schema/beads.ts";
import type { Tx } from "../../store/tx.ts";
import { editBead, setHeld } from "../../store/writes/bead-edits.ts";
import { bumpVersion, recordEvent } from "../../store/writes/beads.ts";
import { leaveConvoy, membersOf, moveConvoy } from "../../store/writes/convoys.ts";
import { createIssue } from "../../store/writes/issues.ts";
import { askOfLeft } from "../../store/writes/attention/left-on-branch.ts";
import { cancelIfOpen, reopenBead } from "../bead-end-commands.ts";
import type { Apply } from "../command.ts";
import { cutOff, mayStillLand } from "./cut-off-merges.ts";
import { connect } from "../dependency-commands.ts";
import { findAt, findIssue, image, type BeadRow } from "../find-bead.ts";

function findConvoy(tx: Tx, ref: string, version?: number): Result<BeadRow> {
  return findAt(tx, ref, ["convoy"], "convoy", version);
}

function shown(tx: Tx, id: string): Convoy {
  return present(convoyImage(tx.db, id), `convoy ${id}`);
}

function rowOf(tx: Tx, id: string): typeof convoys.$inferSelect {
  const row = tx.db.select().from(convoys).where(eq(convoys.beadId, id)).get();
  return present(row, `convoys row of ${id}`);
}

function stateOf(tx: Tx, id: string): Convoy["state"] {
  return rowOf(tx, id).state;
}

/** Only what has not ended can be changed. */
function findOpen(tx: Tx, ref: string, version?: number): Result<BeadRow> {
  const bead = findConvoy(tx, ref, version);
  if (!bead.ok) return bead;
  const state = stateOf(tx, bead.value.id);
  if (state === "staged" || state === "active") return bead;
  return refuse("illegal_transition", `the convoy is ${state}: only one that goes on is changed.`);
}

/** A task of the convoy, by any reference. */
function findTask(tx: Tx, convoyId: string, ref: string): Result<BeadRow> {
  const bead = findIssue(tx, ref);
  if (!bead.ok || membersOf(tx, convoyId).includes(bead.value.id)) return bead;
  return refuse(
    "not_found",
    "that bead is not in this convoy: `gastown convoy show` lists its beads.",
  );
}

export const startConvoy: Apply<"convoy.start"> = (tx, body) => {
  const bead = findConvoy(tx, body.convoy, body.version);
  if (!bead.ok) return bead;
  const { id } = bead.value;
  if (!moveConvoy(tx, id, "started", { text: "started" }))
    return refuse(
      "illegal_transition",
      `the convoy is ${stateOf(tx, id)}: only a staged one starts.`,
    );
  bumpVersion(tx, id);
  return ok(shown(tx, id));
};

export const updateConvoy: Apply<"convoy.update"> = (tx, body) => {
  const bead = findConvoy(tx, body.convoy, body.version);
  if (!bead.ok) return bead;
  const { title } = body.set;
  if (title === undefined) return refuse("invalid_body", "set: name what to change.");
  editBead(tx, bead.value.id, { title });
  return ok(shown(tx, bead.value.id));
};

export const addToConvoy: Apply<"convoy.add"> = (tx, body) => {
  const bead = findOpen(tx, body.convoy, body.version);
  if (!bead.ok) return bead;
  const convoyId = bead.value.id;
  if (membersOf(tx, convoyId).length >= TASKS_MAX)
    return refuse("invalid_body", `the convoy has ${TASKS_MAX} beads: begin another convoy.`);
  const rigId = present(bead.value.rigId, `rig of ${convoyId}`);
  const { title, body: text, priority } = body;
  const { delivery } = rowOf(tx, convoyId);
  const id = createIssue(tx, { title, body: text, rigId, priority, delivery, convoyId });
  for (const ref of body.dependsOn) {
    const added = connect(tx, { id, rigId }, ref, "blocks");
    if (!added.ok) return added;
  }
  bumpVersion(tx, convoyId);
  recordEvent(tx, convoyId, "added", `added: ${title}`);
  return ok(image(tx, id));
};

export const removeFromConvoy: Apply<"convoy.remove"> = (tx, body) => {
  const bead = findOpen(tx, body.convoy, body.version);
  if (!bead.ok) return bead;
  const convoyId = bead.value.id;
  const task = findTask(tx, convoyId, body.bead);
  if (!task.ok) return task;
  const { id, status, title } = task.value;
  if (status !== "open")
    return refuse("illegal_transition", `it is ${status.replaceAll("_", " ")}: cancel it instead.`);
  if (image(tx, id).landing)
    return refuse("illegal_transition", "that is the landing itself: cancel the convoy instead.");
  if (mayStillLand(tx, { bead: id })) return cutOff();
  leaveConvoy(tx, convoyId, id);
  // Nobody said that it should be worked on alone.
  setHeld(tx, id, true);
  bumpVersion(tx, convoyId);
  recordEvent(tx, convoyId, "removed", `taken out: ${title}`);
  return ok(image(tx, id));
};

export const decideTask: Apply<"convoy.decide"> = (tx, body, ports) => {
  const bead = findConvoy(tx, body.convoy);
  if (!bead.ok) return bead;
  const convoyId = bead.value.id;
  const task = findTask(tx, convoyId, body.bead);
  if (!task.ok) return task;
  const { id, title } = task.value;
  if (image(tx, id).landing && body.choice !== "retry")
    return refuse(
      "illegal_transition",
      "that is the landing itself: retry it, or cancel the convoy.",
    );
  if (task.value.status !== "failed")
    return refuse("illegal_transition", `“${title}” has not failed: there is nothing to decide.`);
  if (body.choice === "retry") {
    const again = reopenBead(tx, { bead: id }, ports);
    if (!again.ok) return again;
  } else {
    const without = body.choice === "drop" ? [id] : [id, ...waitingFor(tx, convoyId, id)];
    if (without.some((each) => mayStillLand(tx, { bead: each })))
      return refuse(
        "merge_in_flight",
        "a merge of a bead that would be left out is under way, or was cut off and may still land.",
        { retryable: true, minBackoffMs: 2_000 },
      );
    for (const each of without) {
      cancelIfOpen(tx, each, `the convoy goes on without it`);
      leaveConvoy(tx, convoyId, each);
    }
  }
  bumpVersion(tx, convoyId);
  recordEvent(tx, convoyId, "decided", `${body.choice.replaceAll("_", " ")}: ${title}`);
  return ok(shown(tx, convoyId));
};

/** Unfinished tasks of the convoy that wait for this one, over others too. One that was opened again may find them at work. */
function waitingFor(tx: Tx, convoyId: string, id: string): string[] {
  const members = membersOf(tx, convoyId);
  const found = new Set([id]);
  for (let grown = true; grown;) {
    const more = members.filter(
      (each) => !found.has(each) && blockersOf(tx.db, each).some((on) => found.has(on)),
    );
    for (const each of more) found.add(each);
    grown = more.length > 0;
  }
  found.delete(id);
  return [...found].filter((each) => image(tx, each).status !== "closed");
}

export const cancelConvoy: Apply<"convoy.cancel"> = (tx, body) => {
  const bead = findConvoy(tx, body.convoy, body.version);
  if (!bead.ok) return bead;
  const { id } = bead.value;
  if (isBeingMerged(tx, id)) {
    return refuse("merge_in_flight", "a bead of it is being merged: that settles in a moment.", {
      retryable: true,
      minBackoffMs: 2_000,
    });
  }
  const text = body.reason === "" ? "cancelled" : `cancelled: ${body.reason}`;
  if (!moveConvoy(tx, id, "cancelled", { text }))
    return refuse(
      "illegal_transition",
      `the convoy is ${stateOf(tx, id)} already: there is nothing left to cancel.`,
    );
  for (const task of tx.db
    .select({ id: issues.beadId })
    .from(issues)
    .where(eq(issues.convoyId, id))
    .all())
    cancelIfOpen(tx, task.id, "its convoy was cancelled");
  bumpVersion(tx, id);
  askOfLeft(tx, id);
  return ok(shown(tx, id));
};

/** Its landing, or a bead that goes to its own branch: what lies there is told when it is cancelled. */
function isBeingMerged(tx: Tx, convoyId: string): boolean {
  const merging = tx.db
    .select({ id: issues.beadId })
    .from(issues)
    .innerJoin(reviews, eq(reviews.beadId, issues.reviewId))
    .where(
      and(
        eq(issues.convoyId, convoyId),
        eq(reviews.state, "merging"),
        ...(rowOf(tx, convoyId).branch === null ? [eq(issues.landing, true)] : []),
      ),
    )
    .get();
  return merging !== undefined;
}
