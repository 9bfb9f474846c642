import type { RigRepository } from "../git/mirror.ts";
import { landedBranch } from "../git/names.ts";
import { failure, type Outcome } from "../git/outcome.ts";
import { isOid, type Oid } from "../git/porcelain.ts";
import type { History } from "./history.ts";

/** How a bead's work reaches people: see the delivery part of the design. */
export type Delivery = "none" | "branch" | "merge";

/** Where a target's landings are read in the store after a fetch. */
export function trackedRef(landingRef: string, at: "store" | "remote"): string {
  return at === "store" ? landingRef : landingRef.replace(/^refs\/heads\//, "refs/remotes/origin/");
}

/**
 * What new work on a target begins from, as the last fetch has it: the integration ref where it is
 * ahead of the target (or, for deliveries that land there, where both went on), else the target.
 * `ref` is the name people know; `oid` is in the store, perhaps not in the mirror.
 * Errors: missing_branch.
 */
export async function resolveBase(
  history: History,
  rig: RigRepository,
  wish: {
    readonly target: string;
    readonly delivery: Delivery;
    /** Branch of the bead's convoy: where it begins while something lies there that has not landed. */
    readonly convoyBranch?: string | null;
  },
): Promise<Outcome<{ ref: string; oid: Oid }>> {
  const shared = await sharedBase(history, rig, wish);
  if (!wish.convoyBranch || !shared.ok) return shared;
  const ref = `refs/heads/${wish.convoyBranch}`;
  const at = wish.delivery === "none" ? "store" : "remote";
  const own = await history.readRef(rig, trackedRef(ref, at));
  if (!own.ok) return own;
  if (own.oid === null) return shared;
  // Its landing may be on the target though the town's own branch has gone elsewhere.
  const target = await sharedBase(history, rig, { ...wish, delivery: "merge" });
  for (const base of [shared, target]) {
    if (!base.ok) return base;
    const landed = await history.isAncestor(rig, own.oid, base.oid);
    if (!landed.ok) return landed;
    if (landed.yes) return base;
  }
  return { ok: true, ref, oid: own.oid };
}

/** What beads begin from that are in no convoy with a branch. */
async function sharedBase(
  history: History,
  rig: RigRepository,
  wish: { readonly target: string; readonly delivery: Delivery },
): Promise<Outcome<{ ref: string; oid: Oid }>> {
  const at = wish.delivery === "none" ? "store" : "remote";
  const targetRef = `refs/heads/${wish.target}`;
  const target = await history.readRef(rig, trackedRef(targetRef, "remote"));
  if (!target.ok) return target;
  if (target.oid === null) {
    return failure(
      "missing_branch",
      `The last fetch saw no branch ${wish.target}.`,
      "Name an existing branch, or fetch the rig.",
    );
  }
  const landed = `refs/heads/${landedBranch(wish.target)}`;
  const landedAt = await history.readRef(rig, trackedRef(landed, at));
  if (!landedAt.ok) return landedAt;
  if (landedAt.oid === null || landedAt.oid === target.oid)
    return { ok: true, ref: targetRef, oid: target.oid };
  const ahead = await history.isAncestor(rig, target.oid, landedAt.oid);
  if (!ahead.ok) return ahead;
  if (ahead.yes) return { ok: true, ref: landed, oid: landedAt.oid };
  const behind = await history.isAncestor(rig, landedAt.oid, target.oid);
  if (!behind.ok) return behind;
  if (behind.yes || wish.delivery === "merge") return { ok: true, ref: targetRef, oid: target.oid };
  return { ok: true, ref: landed, oid: landedAt.oid };
}

/**
 * Whether what work began from is in none of the branches that work begins from: somebody has rewritten the
 * target's history. Bringing such work together with the target would bring back what was taken out.
 */
export async function isRewritten(
  history: History,
  rig: RigRepository,
  from: {
    readonly base: Oid | null;
    readonly target: string;
    readonly convoyBranch: string | null;
  },
): Promise<Outcome<{ yes: boolean }>> {
  const { base, target, convoyBranch } = from;
  if (base === null) return { ok: true, yes: false };
  const known = await history.hasCommit(rig, base);
  if (!known.ok || !known.yes) return known.ok ? { ok: true, yes: false } : known;
  for (const branch of [target, landedBranch(target), convoyBranch]) {
    if (branch === null) continue;
    const held = await contains(history, rig, { oid: base, inRef: `refs/heads/${branch}` });
    if (!held.ok) return held;
    if (held.yes) return { ok: true, yes: false };
  }
  return { ok: true, yes: true };
}

/** The words for whoever wrote the work. */
export function rewrittenWords(target: string): string {
  return `The history of ${target} was rewritten since this work began: landing it would bring back commits that were taken out. It is put onto the new history as one change, without them.`;
}

/**
 * Whether a commit is in a ref as the last fetch has it. `inRef` is an oid or a full branch name
 * (`refs/heads/...`); an integration ref is looked for in the store and on the remote.
 * An unknown commit is in none.
 */
export async function contains(
  history: History,
  rig: RigRepository,
  question: { readonly oid: Oid; readonly inRef: string },
): Promise<Outcome<{ yes: boolean }>> {
  const known = await history.hasCommit(rig, question.oid);
  if (!known.ok || !known.yes) return known;
  const { inRef } = question;
  for (const ref of isOid(inRef)
    ? [inRef]
    : [trackedRef(inRef, "remote"), trackedRef(inRef, "store")]) {
    const tip = await history.readRef(rig, ref);
    if (!tip.ok) return tip;
    if (tip.oid === null) continue;
    const within = await history.isAncestor(rig, question.oid, tip.oid);
    if (!within.ok || within.yes) return within;
  }
  return { ok: true, yes: false };
}
