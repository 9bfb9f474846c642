import type { Rule } from "../../context.ts";
import type { ConvoyView } from "../../snapshot.ts";

/** Nothing is left to do and a bead was cancelled, or none is there: the convoy did not land, and says so. */
export const failConvoy: Rule<ConvoyView> = {
  id: "convoy/fail",
  why: "every bead of the convoy is settled and at least one was cancelled",
  decide(convoy) {
    const dropped = convoy.members.filter((member) => member.outcome === "cancelled").length;
    const message =
      convoy.members.length === 0
        ? "no bead is left in it"
        : `${dropped} of ${convoy.members.length} beads were cancelled; the others ${convoy.branch === null ? "have landed" : `are kept on ${convoy.branch}`}`;
    return {
      rule: this.id,
      key: convoy.id,
      expect: [{ table: "convoy", id: convoy.id, state: convoy.state }],
      actions: [
        {
          do: "move_convoy",
          convoyId: convoy.id,
          event: "tasks_lost",
          text: message,
          failure: { code: "beads_cancelled", message, source: this.id },
        },
      ],
    };
  },
};
