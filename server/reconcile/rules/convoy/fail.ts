import type { Rule } from "../../context.ts";
import type { Action } from "../../plan.ts";
import type { ConvoyView } from "../../snapshot.ts";
import { hasGivenUp, onOwnBranch } from "./begin-landing.ts";

/**
 * Nothing is left to do, and a bead was cancelled, none is there, or the landing was given up: the convoy did not land, and
 * says so. Of what is kept on its branch a person is asked.
 */
export const failConvoy: Rule<ConvoyView> = {
  id: "convoy/fail",
  why: "every bead of the convoy is settled, and one was cancelled or its branch does not land",
  decide(convoy) {
    const message = messageOf(convoy);
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
        ...asked(this.id, convoy, message),
      ],
    };
  },
};

function messageOf(convoy: ConvoyView): string {
  const { members, branch } = convoy;
  if (members.length === 0) return "no bead is left in it";
  const dropped = members.filter((member) => member.outcome === "cancelled").length;
  const why = hasGivenUp(convoy)
    ? "its landing ended without landing"
    : `${dropped} of ${members.length} beads were cancelled`;
  const kept = onOwnBranch(convoy).length;
  return kept === 0
    ? `${why}; the others have landed`
    : `${why}; ${kept} are kept on ${branch}, not on the target`;
}

function asked(rule: string, convoy: ConvoyView, message: string): Action[] {
  if (onOwnBranch(convoy).length === 0) return [];
  return [
    {
      do: "escalate",
      title: `Not landed: ${convoy.title}`.slice(0, 200),
      body: `${message}. The branch stays: open a bead again to land it after all, merge it by hand, or cancel the convoy.`,
      severity: "medium",
      rule,
      subjectId: convoy.id,
      rigId: convoy.rigId,
      holdsWhile: ["failed"],
    },
  ];
}
