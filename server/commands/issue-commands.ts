/** Issue beads: sling, close, reopen, depend. */
import { eq, inArray } from "drizzle-orm";
import { ok, refuse, type Issue, type Result } from "../../protocol/index.ts";
import { findPath } from "../model/graph.ts";
import { issueAfter } from "../model/states.ts";
import type { Db } from "../store/database.ts";
import { issueImage } from "../store/images/images.ts";
import { findBead, findRig } from "../store/refs.ts";
import { beadDependencies, beads, issues, reviews } from "../store/schema/beads.ts";
import type { Tx } from "../store/tx.ts";
import {
  addDependency,
  bumpVersion,
  recordEvent,
  removeDependency,
} from "../store/writes/beads.ts";
import { reactivateConvoy } from "../store/writes/convoys.ts";
import { resolveAbout } from "../store/writes/escalations.ts";
import { createIssue, moveIssue, raiseCaps } from "../store/writes/issues.ts";
import type { Apply } from "./command.ts";
import { present } from "../store/present.ts";

type BeadRow = typeof beads.$inferSelect;

export function image(tx: Tx, id: string): Issue {
  const found = issueImage(tx.db, id);
  if (!found) throw new Error(`issue ${id} vanished`);
  return found;
}

/** An issue bead at the version the caller saw, when he named one. */
export function findIssue(tx: Tx, ref: string, version?: number): Result<BeadRow> {
  const bead = findBead(tx.db, ref, ["issue"], "bead");
  if (!bead.ok) return bead;
  if (version !== undefined && version !== bead.value.version) {
    return refuse(
      "stale_version",
      `it was changed since you looked (version ${bead.value.version}). Look again, then decide.`,
      {
        details: { version: bead.value.version },
      },
    );
  }
  return bead;
}

export const slingBead: Apply<"bead.sling"> = (tx, body) => {
  const rig = findRig(tx.db, body.rig);
  if (!rig.ok) return rig;
  const id = createIssue(tx, {
    title: body.title,
    body: body.body,
    rigId: rig.value.id,
    priority: body.priority,
    delivery: body.delivery ?? null,
    convoyId: null,
  });
  for (const ref of body.dependsOn) {
    const added = connect(tx, id, ref, "blocks");
    if (!added.ok) return added;
  }
  return ok(image(tx, id));
};

function connect(
  tx: Tx,
  beadId: string,
  ref: string,
  type: "blocks" | "tracks" | "parent-child",
): Result<null> {
  const on = findIssue(tx, ref);
  if (!on.ok) return on;
  const bead = present(
    tx.db.select().from(beads).where(eq(beads.id, beadId)).get(),
    `beads row of ${beadId}`,
  );
  if (type === "blocks" && on.value.rigId !== bead.rigId) {
    return refuse(
      "foreign_rig",
      "a bead can wait only for beads of its own rig: what lands elsewhere is not in its base.",
    );
  }
  const cycle = findPath(edges(tx.db), on.value.id, beadId);
  if (cycle) {
    return refuse(
      "cyclic_dependency",
      `that would be a circle: ${[...cycle, on.value.id].join(" waits for ")}. Nothing was changed.`,
    );
  }
  addDependency(tx, beadId, on.value.id, type);
  return ok(null);
}

function edges(db: Db): Map<string, string[]> {
  const map = new Map<string, string[]>();
  for (const edge of db
    .select()
    .from(beadDependencies)
    .where(inArray(beadDependencies.type, ["blocks", "parent-child"]))
    .all()) {
    const list = map.get(edge.beadId);
    if (list) list.push(edge.onId);
    else map.set(edge.beadId, [edge.onId]);
  }
  return map;
}

export const dependBead: Apply<"bead.depend"> = (tx, body) => {
  const bead = findIssue(tx, body.bead);
  if (!bead.ok) return bead;
  if (bead.value.status !== "open") {
    return refuse(
      "illegal_transition",
      `it is ${bead.value.status} already: only an open bead can be made to wait.`,
    );
  }
  const added = connect(tx, bead.value.id, body.on, body.type);
  if (!added.ok) return added;
  bumpVersion(tx, bead.value.id);
  recordEvent(tx, bead.value.id, "depends", `waits for ${body.on} now`);
  return ok(image(tx, bead.value.id));
};

export const undependBead: Apply<"bead.undepend"> = (tx, body) => {
  const bead = findIssue(tx, body.bead);
  if (!bead.ok) return bead;
  const on = findIssue(tx, body.on);
  if (!on.ok) return on;
  if (!removeDependency(tx, bead.value.id, on.value.id))
    return refuse("not_found", "it does not wait for that bead.");
  bumpVersion(tx, bead.value.id);
  recordEvent(tx, bead.value.id, "depends", `does not wait for ${body.on} any more`);
  return ok(image(tx, bead.value.id));
};

export const closeBead: Apply<"bead.close"> = (tx, body) => {
  const bead = findIssue(tx, body.bead, body.version);
  if (!bead.ok) return bead;
  const { id } = bead.value;
  const row = present(
    tx.db.select().from(issues).where(eq(issues.beadId, id)).get(),
    `issues row of ${id}`,
  );
  const review = row.reviewId
    ? tx.db.select().from(reviews).where(eq(reviews.beadId, row.reviewId)).get()
    : undefined;
  if (review?.state === "merging") {
    return refuse("merge_in_flight", "its merge is under way: close it after that has settled.", {
      retryable: true,
      minBackoffMs: 2_000,
    });
  }
  if (issueAfter(row.state, "closed_by_outcome") === null) {
    return refuse("illegal_transition", `it is ${row.state} already.`);
  }
  moveIssue(tx, id, "closed_by_outcome", {
    outcome: body.outcome,
    failure: null,
    text: `closed as ${body.outcome.replaceAll("_", " ")}${body.reason ? `: ${body.reason}` : ""}`,
  });
  bumpVersion(tx, id);
  resolveAbout(tx, id, "its bead was closed");
  if (row.reviewId) resolveAbout(tx, row.reviewId, "its bead was closed");
  return ok(image(tx, id));
};

export const reopenBead: Apply<"bead.reopen"> = (tx, body) => {
  const bead = findIssue(tx, body.bead, body.version);
  if (!bead.ok) return bead;
  const { id } = bead.value;
  const row = present(
    tx.db.select().from(issues).where(eq(issues.beadId, id)).get(),
    `issues row of ${id}`,
  );
  if (row.outcome === "landed") {
    return refuse("illegal_transition", "it has landed: sling a new bead for what is missing.");
  }
  raiseCaps(tx, id);
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
  resolveAbout(tx, id, "its bead was reopened");
  if (row.convoyId) reactivateConvoy(tx, row.convoyId);
  return ok(image(tx, id));
};
