/** Molecules as their rules see them, and the molecule of a step as its run is told of it. */
import { and, count, eq } from "drizzle-orm";
import type { MoleculeView } from "../../reconcile/snapshot.ts";
import type { Db } from "../database.ts";
import { stepsOf } from "../images/molecule-image.ts";
import { given, prepared } from "../prepared.ts";
import { beads, issues } from "../schema/beads.ts";
import { molecules } from "../schema/molecules.ts";
import { notInTrash } from "../trash/in-trash.ts";

const row = prepared((db) =>
  db
    .select({ state: molecules.state, current: molecules.current, title: beads.title })
    .from(molecules)
    .innerJoin(beads, eq(beads.id, molecules.beadId))
    .where(and(eq(molecules.beadId, given("id")), notInTrash(beads.rigId)))
    .prepare(),
);
const stepCount = prepared((db) =>
  db
    .select({ n: count() })
    .from(issues)
    .where(eq(issues.moleculeId, given("id")))
    .prepare(),
);

/** Null when no rule decides about it: it is staged, or has ended. */
export function prepareMolecule(db: Db): (id: string) => MoleculeView | null {
  return (id) => {
    const found = row(db).get({ id });
    if (!found || (found.state !== "active" && found.state !== "asking")) return null;
    return { ...found, id, state: found.state, steps: stepsOf(db, id) };
  };
}

/** The molecule of a step. */
export function moleculeOf(
  db: Db,
  id: string,
): { title: string; staged: boolean; of: number } | null {
  const found = row(db).get({ id });
  if (!found) return null;
  return {
    title: found.title,
    staged: found.state === "staged",
    of: stepCount(db).get({ id })?.n ?? 0,
  };
}
