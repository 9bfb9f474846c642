import type { Delivery } from "../../protocol/index.ts";

/** Where a landing of this delivery ends: the target itself, or the town's integration ref for it. */
export function landingRef(target: string, delivery: Delivery): string {
  return delivery === "merge" ? target : `gastown/landed/${target}`;
}

/** The branch that a ref names, as people say it. */
export function branchOf(ref: string): string {
  return ref.replace(/^refs\/heads\//, "");
}

/**
 * Whether work that landed on `landedOn` is in the base of a bead with this delivery. The
 * integration ref holds the target's landings as well as its own; the target holds only its own.
 */
export function baseHolds(landedOn: string | null, target: string, delivery: Delivery): boolean {
  if (landedOn === null) return false;
  const branch = branchOf(landedOn);
  if (branch === `gastown/landed/${target}`) return true;
  return branch === target || branch === landingRef(target, delivery);
}
