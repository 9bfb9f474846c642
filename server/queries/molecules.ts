/** Formulas and molecules, as they are now. */
import { desc, eq } from "drizzle-orm";
import { ok, type Result } from "../../protocol/index.ts";
import type { Db } from "../store/database.ts";
import { findFormula, formulasFor, shownFormula } from "../store/views/formulas.ts";
import { moleculeImage } from "../store/images/molecule-image.ts";
import { present } from "../store/present.ts";
import { findBead, findRig } from "../store/refs.ts";
import { beads } from "../store/schema/beads.ts";
import { molecules } from "../store/schema/molecules.ts";
import { notInTrash } from "../store/trash/in-trash.ts";
import type { Query } from "./query.ts";

const LIST_MAX = 200;

function rigOf(db: Db, ref: string | undefined): Result<string | null> {
  if (ref === undefined) return ok(null);
  const rig = findRig(db, ref);
  return rig.ok ? ok(rig.value.id) : rig;
}

export const formulaList: Query<"formula.list"> = ({ db }, body) => {
  const rig = rigOf(db, body.rig);
  if (!rig.ok) return rig;
  return ok(
    formulasFor(db, rig.value).map((row) => {
      const { name, rigId, version, description, parameters, steps } = shownFormula(row);
      return { name, rigId, version, description, parameters, steps: steps.length };
    }),
  );
};

export const formulaShow: Query<"formula.show"> = ({ db }, body) => {
  const rig = rigOf(db, body.rig);
  if (!rig.ok) return rig;
  const found = findFormula(db, body.formula, rig.value);
  return found.ok ? ok(shownFormula(found.value)) : found;
};

export const moleculeList: Query<"molecule.list"> = ({ db }, body) => {
  const rig = rigOf(db, body.rig);
  if (!rig.ok) return rig;
  const rows = db
    .select({ id: molecules.beadId })
    .from(molecules)
    .innerJoin(beads, eq(beads.id, molecules.beadId))
    .where(rig.value === null ? notInTrash(beads.rigId) : eq(beads.rigId, rig.value))
    .orderBy(desc(molecules.beadId))
    .limit(LIST_MAX)
    .all();
  return ok(rows.map(({ id }) => present(moleculeImage(db, id), `molecule ${id}`)));
};

export const moleculeGet: Query<"molecule.get"> = ({ db }, body) => {
  const bead = findBead(db, body.molecule, ["molecule"], "molecule");
  if (!bead.ok) return bead;
  const { id } = bead.value;
  const row = db
    .select({ parameters: molecules.parameters })
    .from(molecules)
    .where(eq(molecules.beadId, id))
    .get();
  return ok({
    molecule: present(moleculeImage(db, id), `molecule ${id}`),
    parameters: present(row, `molecules row of ${id}`).parameters,
  });
};
