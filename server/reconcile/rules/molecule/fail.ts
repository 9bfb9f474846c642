import { lostSteps } from "../../../model/molecules/states.ts";
import type { Rule } from "../../context.ts";
import type { MoleculeView } from "../../snapshot.ts";

/** Nothing is left to do and a step was cancelled: the molecule is not done, and says so. */
export const failMolecule: Rule<MoleculeView> = {
  id: "molecule/fail",
  why: "every step of the molecule is closed and at least one was cancelled",
  decide(molecule) {
    const lost = lostSteps(molecule.steps);
    const message = `${lost.length} of ${molecule.steps.length} steps were cancelled: ${lost
      .slice(0, 3)
      .map(({ title }) => `“${title}”`)
      .join(", ")}`;
    return {
      rule: this.id,
      key: molecule.id,
      expect: [{ table: "molecule", id: molecule.id, state: molecule.state }],
      actions: [
        {
          do: "move_molecule",
          moleculeId: molecule.id,
          event: "steps_lost",
          text: message,
          current: null,
          failure: { code: "steps_cancelled", message, source: this.id },
        },
      ],
    };
  },
};
