/** The branch that a ref names, as people say it. */
export function branchOf(ref: string): string {
  return ref.replace(/^refs\/heads\//, "");
}

/** Where deliveries land that leave the target alone. */
export function landedBranch(target: string): string {
  return `gastown/landed/${target}`;
}

/**
 * Whether a landing on `landedOn` can be in the base of a bead of this target: bases begin at the
 * target or, where it is ahead, at the town's integration branch. The runner has the last word: it
 * refuses to start on a base without it (`base_behind`).
 */
export function baseHolds(landedOn: string | null, target: string): boolean {
  if (landedOn === null) return false;
  const branch = branchOf(landedOn);
  return branch === target || branch === landedBranch(target);
}
