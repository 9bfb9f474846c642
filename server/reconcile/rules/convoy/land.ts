import type { Rule } from "../../context.ts";
import type { ConvoyView } from "../../snapshot.ts";

/** Every bead landed or needed nothing: the convoy has landed. Progress is always this query. */
export const landConvoy: Rule<ConvoyView> = {
  id: "convoy/land",
  why: "every bead of the convoy is closed",
  decide(convoy) {
    return {
      rule: this.id,
      key: convoy.id,
      expect: [{ table: "convoy", id: convoy.id, state: convoy.state }],
      actions: [
        {
          do: "move_convoy",
          convoyId: convoy.id,
          event: "tasks_landed",
          text: "every bead has landed",
        },
      ],
    };
  },
};
