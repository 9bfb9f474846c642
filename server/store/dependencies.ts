/** What beads wait for, read bead by bead: a walk costs what it visits, not what is stored. */
import { and, asc, eq, inArray } from "drizzle-orm";
import type { Edges } from "../model/graph.ts";
import type { Db } from "./database.ts";
import { given, prepared } from "./prepared.ts";
import { beadDependencies } from "./schema/beads.ts";

const targets = prepared((db) =>
  db
    .select({ id: beadDependencies.onId })
    .from(beadDependencies)
    .where(
      and(
        eq(beadDependencies.beadId, given("id")),
        inArray(beadDependencies.type, ["blocks", "parent-child"]),
      ),
    )
    .orderBy(asc(beadDependencies.onId))
    .prepare(),
);

/** The edges along which a circle would be a deadlock. */
export function waitingEdges(db: Db): Pick<Edges, "get"> {
  return {
    get: (id) =>
      targets(db)
        .all({ id })
        .map((row) => row.id),
  };
}

/** Beads that depend on this one, in any way. */
export function dependentsOf(db: Db, id: string): string[] {
  return db
    .selectDistinct({ id: beadDependencies.beadId })
    .from(beadDependencies)
    .where(eq(beadDependencies.onId, id))
    .all()
    .map((row) => row.id);
}

/** What the bead waits for. */
export function blockersOf(db: Db, id: string): string[] {
  return db
    .select({ id: beadDependencies.onId })
    .from(beadDependencies)
    .where(and(eq(beadDependencies.beadId, id), eq(beadDependencies.type, "blocks")))
    .all()
    .map((row) => row.id);
}
