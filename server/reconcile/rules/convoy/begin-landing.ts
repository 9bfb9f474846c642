import type { Rule } from "../../context.ts";
import type { ConvoyMember, ConvoyView } from "../../snapshot.ts";
import { branchOf } from "../../../model/delivery.ts";

/** Every bead is on the convoy's branch: one landing brings it to the target, with no second reviewer. */
export const beginLanding: Rule<ConvoyView> = {
  id: "convoy/begin-landing",
  why: "every bead of the convoy is settled and its branch is not on the target",
  decide(convoy) {
    const tip = tipOf(convoy);
    if (tip === null || tip.tipOid === null || tip.baseOid === null) return null;
    return {
      rule: this.id,
      key: convoy.id,
      expect: [{ table: "convoy", id: convoy.id, state: convoy.state }],
      actions: [
        {
          do: "open_landing",
          convoyId: convoy.id,
          headOid: tip.tipOid,
          baseOid: tip.baseOid,
        },
        ...(convoy.state === "active"
          ? [
              {
                do: "move_convoy" as const,
                convoyId: convoy.id,
                event: "landing_started" as const,
                text: `every bead is on ${convoy.branch ?? "its branch"}, which lands now`,
              },
            ]
          : []),
      ],
    };
  },
};

/** A landing of all that lies there ended without landing: another one would end the same way. */
export function hasGivenUp(convoy: ConvoyView): boolean {
  const tip = tipOf(convoy);
  return (
    tip !== null &&
    convoy.members.some(
      ({ landing, status, outcome, landingN }) =>
        landing &&
        status === "closed" &&
        outcome !== "landed" &&
        (landingN ?? 0) >= (tip.landingN ?? 0),
    )
  );
}

/**
 * The bead whose landing on the convoy's branch was proven last. Its merge may be older than others: that a landing took
 * place whose answer was lost is found out later.
 */
export function tipOf(convoy: ConvoyView): ConvoyMember | null {
  return (
    onOwnBranch(convoy)
      .toSorted((a, b) => (a.landingN ?? 0) - (b.landingN ?? 0))
      .at(-1) ?? null
  );
}

/** Beads that have landed on the convoy's branch alone. */
export function onOwnBranch({ branch, members }: ConvoyView): ConvoyMember[] {
  return members.filter(
    (member) => !member.landing && member.landedOn !== null && branchOf(member.landedOn) === branch,
  );
}
