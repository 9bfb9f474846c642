/** The universal record: creation, history, dependencies. */
import { and, eq, sql } from "drizzle-orm";
import type { BeadStatus, BeadType, FailureReason, Priority } from "../../../protocol/index.ts";
import { BEAD_TYPES } from "../../model/bead-types.ts";
import { beadDependencies, beadEvents, beads } from "../schema/beads.ts";
import { given, prepared } from "../prepared.ts";
import type { Tx } from "../tx.ts";
import { changeRow, rowAt } from "../rows.ts";

export interface NewBead {
  type: BeadType;
  status: BeadStatus;
  title: string;
  body?: string;
  rigId?: string | null;
  parentId?: string | null;
  priority?: Priority;
  held?: boolean;
}

const insertRow = prepared((db) =>
  db
    .insert(beads)
    .values({
      id: given("id"),
      type: given("type"),
      status: given("status"),
      title: given("title"),
      body: given("body"),
      rigId: given("rigId"),
      parentId: given("parentId"),
      priority: given("priority"),
      held: given("held"),
      createdBy: given("createdBy"),
      createdAt: given("at"),
      updatedAt: given("at"),
    })
    .prepare(),
);
const setStatus = prepared((db) =>
  db
    .update(beads)
    .set({ status: given("status"), closedAt: given("closedAt"), updatedAt: given("at") })
    .where(eq(beads.id, given("id")))
    .prepare(),
);
const insertEvent = prepared((db) =>
  db
    .insert(beadEvents)
    .values({
      id: given("id"),
      beadId: given("beadId"),
      at: given("at"),
      actor: given("actor"),
      kind: given("kind"),
      text: given("text"),
      rule: given("rule"),
      runId: given("runId"),
      failure: sql`${given("failure")}`,
    })
    .prepare(),
);

/** Inserts the universal row; the caller inserts its satellite in the same transaction. */
export function insertBead(tx: Tx, bead: NewBead): string {
  const id = tx.newId(BEAD_TYPES[bead.type].id);
  insertRow(tx.db).run({
    id,
    type: bead.type,
    status: bead.status,
    title: bead.title,
    body: bead.body ?? "",
    rigId: bead.rigId ?? null,
    parentId: bead.parentId ?? null,
    priority: bead.priority ?? "medium",
    held: bead.held ?? false,
    createdBy: tx.actor,
    at: tx.now,
  });
  tx.touch(BEAD_TYPES[bead.type].image, id);
  return id;
}

/** Projects a type's own state onto the universal row. */
export function projectStatus(tx: Tx, beadId: string, type: BeadType, status: BeadStatus): void {
  const closedAt = status === "closed" || status === "failed" ? tx.now : null;
  setStatus(tx.db).run({ id: beadId, status, closedAt, at: tx.now });
  tx.touch(BEAD_TYPES[type].image, beadId);
}

/** One line of a bead's history. */
export function recordEvent(
  tx: Tx,
  beadId: string,
  kind: string,
  text: string,
  more: { runId?: string | null; failure?: FailureReason | null } = {},
): void {
  const id = tx.newId("event");
  insertEvent(tx.db).run({
    id,
    beadId,
    at: tx.now,
    actor: tx.actor,
    kind,
    text: text.slice(0, 2_000),
    rule: tx.rule,
    runId: more.runId ?? null,
    failure: more.failure ? JSON.stringify(more.failure) : null,
  });
  tx.touch("event", id);
}

/** People's edits count up the version. */
export function bumpVersion(tx: Tx, beadId: string): void {
  const row = rowAt(tx.db, beads, beadId);
  if (!row) throw new Error(`bead ${beadId} is not there`);
  changeRow(tx.db, beads, beadId, { version: row.version + 1, updatedAt: tx.now });
  tx.touch(BEAD_TYPES[row.type].image, beadId);
}

export type DependencyType = "blocks" | "tracks" | "parent-child";

export function addDependency(tx: Tx, beadId: string, onId: string, type: DependencyType): void {
  tx.db.insert(beadDependencies).values({ beadId, onId, type }).onConflictDoNothing().run();
  tx.touch("issue", beadId);
  tx.touch("issue", onId);
}

/** @returns whether there was one */
export function removeDependency(
  tx: Tx,
  beadId: string,
  onId: string,
  type?: DependencyType,
): boolean {
  const found = tx.db
    .delete(beadDependencies)
    .where(
      and(
        eq(beadDependencies.beadId, beadId),
        eq(beadDependencies.onId, onId),
        type && eq(beadDependencies.type, type),
      ),
    )
    .returning()
    .all();
  tx.touch("issue", beadId);
  tx.touch("issue", onId);
  return found.length > 0;
}
