import type { Rule } from "../../context.ts";
import type { Snapshot, TrashView } from "../../snapshot.ts";

/** When a rig in the trash is removed for good. */
export function purgesAt({ removedAt }: TrashView, { policy }: Pick<Snapshot, "policy">): number {
  return removedAt + policy.trashKeptMs;
}

/** Nobody took the rig back in its time: its rows go, and every runner is told to remove what it has. */
export const purgeRig: Rule<TrashView> = {
  id: "rig/purge",
  why: "nobody took the rig back in its time",
  decide(rig) {
    return {
      rule: this.id,
      key: rig.id,
      expect: [{ table: "trash", id: rig.id, state: "there" }],
      actions: [{ do: "purge_rig", rigId: rig.id }],
    };
  },
};
