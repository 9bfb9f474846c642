import type { Rule } from "../../context.ts";
import type { ConvoyView } from "../../snapshot.ts";

/** Nothing is left to do and a bead was cancelled: the convoy did not land, and says so. */
export const failConvoy: Rule<ConvoyView> = {
  id: "convoy/fail",
  why: "every bead of the convoy is settled and at least one was cancelled",
  decide(convoy) {
    const dropped = convoy.members.filter((member) => member.outcome === "cancelled").length;
    return {
      rule: this.id,
      key: convoy.id,
      expect: [{ table: "convoy", id: convoy.id, state: "active" }],
      actions: [
        {
          do: "fail_convoy",
          convoyId: convoy.id,
          failure: {
            code: "beads_cancelled",
            message: `${dropped} of ${convoy.members.length} beads were cancelled; the others have landed`,
            source: this.id,
          },
        },
      ],
    };
  },
};
