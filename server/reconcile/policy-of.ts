import type { Policy } from "../model/policy.ts";
import type { Snapshot } from "./snapshot.ts";

/** The figures that hold for what belongs to a rig. */
export function policyOf(
  { policy, policies }: Pick<Snapshot, "policy" | "policies">,
  rigId: string | null,
): Policy {
  return (rigId === null ? undefined : policies.get(rigId)) ?? policy;
}
