import type { Rule } from "../../context.ts";
import type { MoleculeView } from "../../snapshot.ts";

/** No step is failed any more, whoever saw to it: nobody is asked. */
export const goOn: Rule<MoleculeView> = {
  id: "molecule/go-on",
  why: "no step of the molecule is failed any more",
  decide(molecule) {
    return {
      rule: this.id,
      key: molecule.id,
      expect: [{ table: "molecule", id: molecule.id, state: molecule.state }],
      actions: [
        {
          do: "move_molecule",
          moleculeId: molecule.id,
          event: "steps_mended",
          text: "no step is failed any more",
        },
      ],
    };
  },
};
