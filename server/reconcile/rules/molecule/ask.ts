import { failedSteps } from "../../../model/molecules/states.ts";
import type { Rule } from "../../context.ts";
import type { MoleculeView } from "../../snapshot.ts";

/** A step has failed: a person chooses whether it is tried once more or skipped. Its bead's escalation has told him. */
export const askAboutStep: Rule<MoleculeView> = {
  id: "molecule/ask",
  why: "a step of the molecule has failed",
  decide(molecule) {
    const [first] = failedSteps(molecule.steps);
    if (!first) return null;
    return {
      rule: this.id,
      key: molecule.id,
      expect: [{ table: "molecule", id: molecule.id, state: molecule.state }],
      actions: [
        {
          do: "move_molecule",
          moleculeId: molecule.id,
          event: "step_failed",
          text: `step ${first.n} of ${molecule.steps.length} has failed: retry it or skip it`,
        },
      ],
    };
  },
};
