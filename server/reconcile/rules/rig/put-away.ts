import type { Rule } from "../../context.ts";
import type { RigView } from "../../snapshot.ts";

/** The last run of a deleted rig has ended and been drawn conclusions from: it is in the trash. */
export const putAway: Rule<RigView> = {
  id: "rig/put-away",
  why: "nothing of the rig is under way any more",
  decide(rig) {
    return {
      rule: this.id,
      key: rig.id,
      expect: [{ table: "rig", id: rig.id, state: rig.state }],
      actions: [{ do: "trash_rig", rigId: rig.id }],
    };
  },
};
