import type { Delivery } from "../../protocol/index.ts";

/** The branch that a ref names, as people say it. */
export function branchOf(ref: string): string {
  return ref.replace(/^refs\/heads\//, "");
}

/** Where deliveries land that leave the target alone. */
export function landedBranch(target: string): string {
  return `gastown/landed/${target}`;
}

/** Branch of a convoy's own: words of its title, and its id, so that no two are equal. */
export function convoyBranch(title: string, convoyId: string): string {
  const slug = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replace(/^-+|-+$/g, "");
  return `gastown/convoy/${slug === "" ? "" : `${slug}-`}${convoyId.slice(-6)}`;
}

/** Where a bead's work goes: its own choice or its rig's, on the convoy's branch where there is one. */
export interface Landing {
  delivery: Delivery;
  /** The branch of the convoy, for its tasks. */
  convoyBranch: string | null;
  /** Green gates alone approve it. */
  unreviewed: boolean;
}

/** One row of the delivery table (docs/spec.md) for each combination. */
export function landingOf(
  bead: {
    delivery: Delivery | null;
    convoyBranch: string | null;
    landing: boolean;
    /** Who wrote the round that is judged; null: the town put reviewed rounds together. */
    authorRunId?: string | null | undefined;
  },
  rig: { delivery: Delivery; codeReview: boolean },
): Landing {
  const delivery = bead.delivery ?? rig.delivery;
  if (bead.landing) {
    // What an agent adds to reviewed rounds has been seen by nobody.
    const isSeen = bead.authorRunId === null;
    return { delivery, convoyBranch: null, unreviewed: !rig.codeReview || isSeen };
  }
  if (bead.convoyBranch === null)
    return { delivery, convoyBranch: null, unreviewed: !rig.codeReview };
  return {
    delivery: delivery === "none" ? "none" : "branch",
    convoyBranch: bead.convoyBranch,
    unreviewed: !rig.codeReview,
  };
}

/**
 * Whether a landing on `landedOn` can be in the base of a bead of this target: bases begin at the
 * target or, where it is ahead, at the town's integration branch; those of a convoy with a branch at that, until it has
 * landed. The runner has the last word: it refuses to start on a base without it (`base_behind`).
 */
export function baseHolds(
  landedOn: string | null,
  target: string,
  ownBranch: string | null = null,
): boolean {
  if (landedOn === null) return false;
  const branch = branchOf(landedOn);
  return branch === ownBranch || branch === target || branch === landedBranch(target);
}
