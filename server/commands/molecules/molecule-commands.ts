/** Molecules are poured from formulas, started, decided about, cancelled. */
import { ok, refuse, type Molecule, type Result } from "../../../protocol/index.ts";
import { pourFormula } from "../../model/molecules/formula.ts";
import { findFormula } from "../../store/views/formulas.ts";
import { moleculeImage } from "../../store/images/molecule-image.ts";
import { present } from "../../store/present.ts";
import { findLastingRig } from "../../store/refs.ts";
import type { Tx } from "../../store/tx.ts";
import { bumpVersion, recordEvent } from "../../store/writes/beads.ts";
import { createMolecule, moveMolecule, setSkipped } from "../../store/writes/molecules.ts";
import { cancelIfOpen, reopenBead } from "../bead-end-commands.ts";
import type { Apply } from "../command.ts";
import { findAt, findIssue, type BeadRow } from "../find-bead.ts";

export const pourMolecule: Apply<"molecule.pour"> = (tx, body) => {
  const rig = findLastingRig(tx.db, body.rig);
  if (!rig.ok) return rig;
  const found = findFormula(tx.db, body.formula, rig.value.id);
  if (!found.ok) return found;
  const { formula, name, version } = found.value;
  const poured = pourFormula(formula, body.parameters);
  if (!poured.ok) return poured;
  const id = createMolecule(tx, {
    ...poured.value,
    title: body.title ?? poured.value.title,
    formula: { name, version },
    rigId: rig.value.id,
    staged: body.staged,
    delivery: body.delivery ?? null,
  });
  return ok(shown(tx, id));
};

function findMolecule(tx: Tx, ref: string, version?: number): Result<BeadRow> {
  return findAt(tx, ref, ["molecule"], "molecule", version);
}

function shown(tx: Tx, id: string): Molecule {
  return present(moleculeImage(tx.db, id), `molecule ${id}`);
}

export const startMolecule: Apply<"molecule.start"> = (tx, body) => {
  const bead = findMolecule(tx, body.molecule, body.version);
  if (!bead.ok) return bead;
  const { id } = bead.value;
  if (!moveMolecule(tx, id, "started", { text: "started" }))
    return refuse("illegal_transition", `it is ${shown(tx, id).state}: only a staged one starts.`);
  bumpVersion(tx, id);
  return ok(shown(tx, id));
};

export const decideStep: Apply<"molecule.decide"> = (tx, body, ports) => {
  const bead = findMolecule(tx, body.molecule, body.version);
  if (!bead.ok) return bead;
  const { id } = bead.value;
  const molecule = shown(tx, id);
  if (molecule.state !== "active" && molecule.state !== "asking")
    return refuse(
      "illegal_transition",
      `the molecule is ${molecule.state}: only one that goes on is decided about. \`bead.reopen\` takes up a step again.`,
    );
  const step = findStep(tx, molecule, body.step);
  if (!step.ok) return step;
  const { n, beadId, title, status, outcome, skipped } = step.value;
  if (status !== "failed" && outcome !== "cancelled")
    return refuse(
      "illegal_transition",
      `step ${n}, “${title}”, has neither failed nor been cancelled: there is nothing to decide.`,
    );
  if (body.choice === "retry") {
    const again = reopenBead(tx, { bead: beadId }, ports);
    if (!again.ok) return again;
  } else {
    if (skipped)
      return refuse(
        "illegal_transition",
        `step ${n} is skipped already: retry it to have it done after all.`,
      );
    cancelIfOpen(tx, beadId, "its molecule goes on without it");
    setSkipped(tx, beadId, true);
  }
  bumpVersion(tx, id);
  recordEvent(tx, id, "decided", `${body.choice}: step ${n}, ${title}`);
  return ok(shown(tx, id));
};

/** By its key, or by its bead in any form. */
function findStep(tx: Tx, molecule: Molecule, ref: string): Result<Molecule["steps"][number]> {
  const byKey = molecule.steps.find((step) => step.key === ref);
  if (byKey) return ok(byKey);
  const bead = findIssue(tx, ref);
  if (!bead.ok) return bead;
  const found = molecule.steps.find((step) => step.beadId === bead.value.id);
  return found
    ? ok(found)
    : refuse(
        "not_found",
        "that bead is no step of this molecule: `gastown molecule show` lists them.",
      );
}

export const cancelMolecule: Apply<"molecule.cancel"> = (tx, body) => {
  const bead = findMolecule(tx, body.molecule, body.version);
  if (!bead.ok) return bead;
  const { id } = bead.value;
  const text = body.reason === "" ? "cancelled" : `cancelled: ${body.reason}`;
  if (!moveMolecule(tx, id, "cancelled", { text, current: null }))
    return refuse(
      "illegal_transition",
      `it is ${shown(tx, id).state} already: nothing of it is left to cancel.`,
    );
  for (const step of shown(tx, id).steps)
    cancelIfOpen(tx, step.beadId, "its molecule was cancelled");
  bumpVersion(tx, id);
  return ok(shown(tx, id));
};
