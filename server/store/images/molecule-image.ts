/** Molecules as the outside sees them, with their steps. */
import { and, asc, eq } from "drizzle-orm";
import { stepChoiceSchema, type Molecule, type MoleculeStep } from "../../../protocol/index.ts";
import { failedSteps } from "../../model/molecules/states.ts";
import type { Db } from "../database.ts";
import { given, prepared } from "../prepared.ts";
import { beads, issues } from "../schema/beads.ts";
import { molecules } from "../schema/molecules.ts";
import { notInTrash } from "../trash/in-trash.ts";
import { commonImage } from "./common-image.ts";

const moleculesRow = prepared((db) =>
  db
    .select()
    .from(molecules)
    .innerJoin(beads, eq(beads.id, molecules.beadId))
    .where(and(eq(molecules.beadId, given("id")), notInTrash(beads.rigId)))
    .prepare(),
);
const stepRows = prepared((db) =>
  db
    .select({
      n: issues.step,
      key: issues.stepKey,
      beadId: issues.beadId,
      title: beads.title,
      status: beads.status,
      outcome: issues.outcome,
      skipped: issues.skipped,
    })
    .from(issues)
    .innerJoin(beads, eq(beads.id, issues.beadId))
    .where(eq(issues.moleculeId, given("id")))
    .orderBy(asc(issues.step))
    .prepare(),
);

/** The steps of a molecule, in the formula's order. */
export function stepsOf(db: Db, id: string): MoleculeStep[] {
  return stepRows(db)
    .all({ id })
    .map(({ n, key, ...step }) => ({ n: n ?? 0, key: key ?? "", ...step }));
}

export function moleculeImage(db: Db, id: string): Molecule | null {
  const row = moleculesRow(db).get({ id });
  if (!row) return null;
  const { state, formula, formulaVersion, failure, current } = row.molecules;
  const steps = stepsOf(db, id);
  const failed = state === "active" || state === "asking" ? failedSteps(steps) : [];
  return {
    ...commonImage(row.beads),
    type: "molecule",
    state,
    formula: { name: formula, version: formulaVersion },
    steps,
    current,
    failure,
    archivedAt: row.beads.archivedAt,
    question:
      failed.length === 0
        ? null
        : { beads: failed.map((step) => step.beadId), choices: [...stepChoiceSchema.options] },
  };
}
