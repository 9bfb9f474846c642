import type { Rule } from "../../context.ts";
import type { MoleculeView } from "../../snapshot.ts";

/** Every step landed, needed nothing, or was skipped by a person: the molecule is done. */
export const finishMolecule: Rule<MoleculeView> = {
  id: "molecule/finish",
  why: "every step of the molecule is closed",
  decide(molecule) {
    const skipped = molecule.steps.filter((step) => step.skipped).length;
    return {
      rule: this.id,
      key: molecule.id,
      expect: [{ table: "molecule", id: molecule.id, state: molecule.state }],
      actions: [
        {
          do: "move_molecule",
          moleculeId: molecule.id,
          event: "steps_done",
          text: skipped === 0 ? "every step is done" : `every step is done, ${skipped} skipped`,
          current: null,
        },
      ],
    };
  },
};
