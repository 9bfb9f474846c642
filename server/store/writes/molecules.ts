/** Formulas and molecules: what is stored of the ones, and every change of the others' state. */
import { and, eq } from "drizzle-orm";
import type { Delivery, FailureReason, Formula } from "../../../protocol/index.ts";
import type { Poured } from "../../model/molecules/formula.ts";
import {
  MOLECULE_STATUS,
  moleculeAfter,
  type MoleculeEvent,
} from "../../model/molecules/states.ts";
import { present } from "../present.ts";
import { beadDependencies, issues } from "../schema/beads.ts";
import { formulas, molecules } from "../schema/molecules.ts";
import { addRow, changeRow, rowAt, valueAt } from "../rows.ts";
import type { Tx } from "../tx.ts";
import { addDependency, insertBead, projectStatus, recordEvent } from "./beads.ts";
import { createIssue } from "./issues.ts";
import { noteForMayor } from "./attention/digest.ts";

/** Stores the next version. `scope` is the town or a rig's id. */
export function putFormula(
  tx: Tx,
  scope: string,
  formula: Formula,
  earlier: typeof formulas.$inferSelect | undefined,
): typeof formulas.$inferSelect {
  const row = {
    scope,
    name: formula.name,
    version: (earlier?.version ?? 0) + 1,
    formula,
    changedBy: tx.actor,
    createdAt: earlier?.createdAt ?? tx.now,
    updatedAt: tx.now,
  };
  const { scope: _scope, name: _name, ...set } = row;
  tx.db
    .insert(formulas)
    .values(row)
    .onConflictDoUpdate({ target: [formulas.scope, formulas.name], set })
    .run();
  return row;
}

export function dropFormula(tx: Tx, scope: string, name: string): void {
  tx.db
    .delete(formulas)
    .where(and(eq(formulas.scope, scope), eq(formulas.name, name)))
    .run();
}

/** A molecule with a bead for each of its steps, which wait for each other as the formula says. */
export function createMolecule(
  tx: Tx,
  poured: Poured & {
    formula: { name: string; version: number };
    rigId: string;
    staged: boolean;
    delivery: Delivery | null;
  },
): string {
  const { title, rigId, staged, delivery, formula } = poured;
  const state = staged ? "staged" : "active";
  const id = insertBead(tx, { type: "molecule", status: MOLECULE_STATUS[state], title, rigId });
  addRow(tx.db, molecules, {
    beadId: id,
    state,
    current: 1,
    formula: formula.name,
    formulaVersion: formula.version,
    parameters: { ...poured.parameters },
  });
  const beads: string[] = [];
  for (const [at, step] of poured.steps.entries()) {
    const bead = createIssue(tx, {
      title: step.title,
      body: step.body,
      rigId,
      priority: step.priority,
      delivery,
      convoyId: null,
      checks: [...step.checks],
      step: { moleculeId: id, n: at + 1, key: step.key },
    });
    beads.push(bead);
    // Not by `addDependency`: a molecule is no issue bead, whose image that would ask for.
    addRow(tx.db, beadDependencies, { beadId: id, onId: bead, type: "parent-child" });
    for (const on of step.waitsFor)
      addDependency(tx, bead, present(beads[on], `step ${on + 1} of ${id}`), "blocks");
  }
  const text = `poured from ${formula.name}, version ${formula.version}: ${beads.length} steps${staged ? ", staged" : ""}`;
  recordEvent(tx, id, "created", text);
  return id;
}

/**
 * Applies one event of the molecule's state machine with its projection and history line.
 * @returns false when the event is refused in the present state
 */
export function moveMolecule(
  tx: Tx,
  id: string,
  event: MoleculeEvent,
  move: { text: string; current?: number | null; failure?: FailureReason | null },
): boolean {
  const row = rowAt(tx.db, molecules, id);
  if (!row) throw new Error(`molecule ${id} is not there`);
  const state = moleculeAfter(row.state, event);
  if (state === null) return false;
  const { current, failure = null } = move;
  changeRow(tx.db, molecules, id, { state, failure, ...(current !== undefined && { current }) });
  projectStatus(tx, id, "molecule", MOLECULE_STATUS[state]);
  recordEvent(tx, id, event, move.text, { failure });
  if (state === "done") noteForMayor(tx, "done", id, move.text);
  if (state === "failed") noteForMayor(tx, "failed", id, move.text);
  return true;
}

/** Whether the molecule goes on without this step. */
export function setSkipped(tx: Tx, beadId: string, skipped: boolean): void {
  changeRow(tx.db, issues, beadId, { skipped });
  tx.touch("issue", beadId);
  const moleculeId = valueAt(tx.db, issues.moleculeId, beadId) ?? null;
  if (moleculeId !== null) tx.touch("molecule", moleculeId);
}
