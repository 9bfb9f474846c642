/** Dependencies: added, removed, set. A circle is refused on every edit. */
import { eq } from "drizzle-orm";
import { ok, refuse, type Result } from "../../protocol/index.ts";
import { findPath } from "../model/graph.ts";
import { blockersOf, waitingEdges } from "../store/dependencies.ts";
import { convoys, issues } from "../store/schema/beads.ts";
import type { Tx } from "../store/tx.ts";
import {
  addDependency,
  bumpVersion,
  recordEvent,
  removeDependency,
  type DependencyType,
} from "../store/writes/beads.ts";
import type { Apply } from "./command.ts";
import { findIssue, image, type BeadRow } from "./find-bead.ts";

/** Lets a bead wait for another. Errors: not_found, ambiguous, foreign_rig, cyclic_dependency. */
export function connect(
  tx: Tx,
  bead: Pick<BeadRow, "id" | "rigId">,
  ref: string,
  type: DependencyType,
): Result<null> {
  const on = findIssue(tx, ref);
  if (!on.ok) return on;
  if (type === "blocks" && on.value.rigId !== bead.rigId) {
    return refuse(
      "foreign_rig",
      "a bead can wait only for beads of its own rig: what lands elsewhere is not in its base.",
    );
  }
  if (type === "blocks" && !inItsBase(tx, bead.id, on.value.id)) {
    return refuse(
      "illegal_transition",
      "a bead of a convoy with a branch of its own can wait only for beads of that convoy: others land elsewhere.",
    );
  }
  const cycle = findPath(waitingEdges(tx.db), on.value.id, bead.id);
  if (cycle) {
    return refuse(
      "cyclic_dependency",
      `that would be a circle: ${[...cycle, on.value.id].join(" waits for ")}. Nothing was changed.`,
    );
  }
  addDependency(tx, bead.id, on.value.id, type);
  return ok(null);
}

/** Whether what lands of `on` can be in the base of the bead. */
function inItsBase(tx: Tx, beadId: string, onId: string): boolean {
  const convoyOf = (id: string) =>
    tx.db
      .select({ id: convoys.beadId, branch: convoys.branch })
      .from(issues)
      .innerJoin(convoys, eq(convoys.beadId, issues.convoyId))
      .where(eq(issues.beadId, id))
      .get();
  const own = convoyOf(beadId);
  return own === undefined || own.branch === null || convoyOf(onId)?.id === own.id;
}

/** Only an open bead can be made to wait: the base of one that is at work is chosen already. */
function findOpen(tx: Tx, ref: string, version?: number): Result<BeadRow> {
  const bead = findIssue(tx, ref, version);
  if (!bead.ok || bead.value.status === "open") return bead;
  return refuse(
    "illegal_transition",
    `it is ${bead.value.status} already: only an open bead can be made to wait.`,
  );
}

export const dependBead: Apply<"bead.depend"> = (tx, body) => {
  const bead = findOpen(tx, body.bead);
  if (!bead.ok) return bead;
  const added = connect(tx, bead.value, body.on, body.type);
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
    return refuse("not_found", "it does not wait for that bead: there is nothing to take away.");
  bumpVersion(tx, bead.value.id);
  recordEvent(tx, bead.value.id, "depends", `does not wait for ${body.on} any more`);
  return ok(image(tx, bead.value.id));
};

/** Replaces everything the bead waits for. */
export const rewireBead: Apply<"bead.rewire"> = (tx, body) => {
  const bead = findOpen(tx, body.bead, body.version);
  if (!bead.ok) return bead;
  const { id } = bead.value;
  for (const old of blockersOf(tx.db, id)) removeDependency(tx, id, old, "blocks");
  for (const ref of body.dependsOn) {
    const added = connect(tx, bead.value, ref, "blocks");
    if (!added.ok) return added;
  }
  bumpVersion(tx, id);
  const count = body.dependsOn.length;
  recordEvent(tx, id, "depends", count === 0 ? "waits for nothing now" : `waits for ${count} now`);
  return ok(image(tx, id));
};
