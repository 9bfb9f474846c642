import { currentStep } from "../../../model/molecules/states.ts";
import type { Rule } from "../../context.ts";
import type { MoleculeView } from "../../snapshot.ts";

/** The first step that is not closed is the current one, forwards and, when one is reopened, backwards. */
export const advanceMolecule: Rule<MoleculeView> = {
  id: "molecule/advance",
  why: "another step of the molecule is the first that is not closed",
  decide(molecule) {
    const current = currentStep(molecule.steps);
    if (!current) return null;
    return {
      rule: this.id,
      key: molecule.id,
      expect: [{ table: "molecule", id: molecule.id, state: molecule.state }],
      actions: [
        {
          do: "move_molecule",
          moleculeId: molecule.id,
          event: "advanced",
          text: `step ${current.n} of ${molecule.steps.length}: ${current.title}`,
          current: current.n,
        },
      ],
    };
  },
};
