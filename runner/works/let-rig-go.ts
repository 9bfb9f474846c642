/** What of a rig's store no other place holds, and the proof that nothing is. */
import type { RigRepository } from "../git/mirror.ts";
import { isBranchName } from "../git/names.ts";
import type { Outcome } from "../git/outcome.ts";
import type { Oid } from "../git/porcelain.ts";
import { remotePlace } from "../git/push.ts";
import { issueProof, type RigProof } from "../git/proof.ts";
import type { Works } from "./works.ts";

export const WIP = "refs/gastown/wip/";
const BRANCHES = "refs/heads/gastown/";
const HEADS = "refs/heads/";

export type StoreRef = { readonly ref: string; readonly oid: Oid };

/** Saved work, and branches that work has landed on or was handed in by, as the store holds them. */
export async function workIn(
  { refs }: Pick<Works, "refs">,
  rig: RigRepository,
): Promise<Outcome<{ work: StoreRef[] }>> {
  const work: StoreRef[] = [];
  for (const prefix of [WIP, BRANCHES]) {
    const listed = await refs.list({ url: rig.storeDir }, prefix);
    if (!listed.ok) return listed;
    for (const [ref, oid] of listed.refs) work.push({ ref, oid });
  }
  return { ok: true, work };
}

/**
 * Those of these refs whose commits the rig's repository does not hold, neither under the same name nor in a branch. Asks it
 * only when there is something to ask about. Errors: what reaching it gives.
 */
export async function notHeld(
  { refs, history }: Pick<Works, "refs" | "history">,
  rig: RigRepository,
  work: readonly StoreRef[],
): Promise<Outcome<{ left: StoreRef[] }>> {
  if (work.length === 0) return { ok: true, left: [] };
  const place = remotePlace(rig, "purge", null);
  const saved = await refs.list(place, WIP);
  if (!saved.ok) return saved;
  const heads = await refs.list(place, HEADS);
  if (!heads.ok) return heads;
  const tips = [...heads.refs].filter(([ref]) => isBranchName(ref.slice(HEADS.length)));
  const left: StoreRef[] = [];
  for (const each of work) {
    const there = saved.refs.get(each.ref) ?? heads.refs.get(each.ref);
    if (there === each.oid) continue;
    const held = await isIn(history, rig, each.oid, new Set(tips.map(([, oid]) => oid)));
    if (!held.ok) return held;
    if (!held.yes) left.push(each);
  }
  return { ok: true, left };
}

/** Whether one of these commits is the commit or comes after it. One that the store does not have says nothing. */
async function isIn(
  history: Works["history"],
  rig: RigRepository,
  oid: Oid,
  tips: ReadonlySet<Oid>,
): Promise<Outcome<{ yes: boolean }>> {
  for (const tip of tips) {
    const known = await history.hasCommit(rig, tip);
    if (!known.ok) return known;
    if (!known.yes) continue;
    const within = await history.isAncestor(rig, oid, tip);
    if (!within.ok || within.yes) return within;
  }
  return { ok: true, yes: false };
}

/** For who has just seen that no tree of the rig is left, and `notHeld` of all its work to be nothing; or a person dropped it. */
export function rigProof(rigId: string, kind: RigProof["kind"]): RigProof {
  return issueProof<RigProof>({ kind, rigId });
}
