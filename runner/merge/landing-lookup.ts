import type { RigRepository } from "../git/mirror.ts";
import type { MergeCommit } from "../git/merge-trees.ts";
import type { Outcome } from "../git/outcome.ts";
import type { Oid } from "../git/porcelain.ts";
import type { History } from "../works/history.ts";
import type { LandingRequest } from "./request.ts";

export type Landing =
  | { readonly kind: "absent" }
  | { readonly kind: "landed"; readonly merge: Oid; readonly method: "merge" | "contained" }
  /** A landing of this bead is there, of other work. */
  | { readonly kind: "other"; readonly merge: Oid; readonly source: Oid };

/**
 * Whether this bead's work is in a ref already: asked before each attempt, so that a push whose answer
 * was lost is not repeated. A merge counts by its second parent, which an agent's commit cannot forge
 * (it would have to contain its own oid); a trailer alone counts only in the first-parent history,
 * which agents do not write.
 */
export async function findLanding(
  history: History,
  rig: RigRepository,
  request: LandingRequest,
  tip: Oid,
  merges: readonly Oid[],
): Promise<Outcome<{ landing: Landing }>> {
  // The source of a withdrawal may be nowhere any more; any other one was judged here.
  const known = request.withdraw
    ? await history.hasCommit(rig, request.source)
    : { ok: true as const, yes: true };
  if (!known.ok) return known;
  const contained = known.yes ? await history.isAncestor(rig, request.source, tip) : known;
  if (!contained.ok) return contained;
  const range = { from: request.sourceBase, to: tip };
  if (!contained.yes) {
    const written = await landingsIn(history, rig, range, request.withdraw);
    if (!written.ok) return written;
    const other = written.merges.find(({ beads }) => beads.includes(request.beadId));
    return {
      ok: true,
      landing:
        other === undefined
          ? { kind: "absent" }
          : { kind: "other", merge: other.oid, source: other.parents[1] ?? other.oid },
    };
  }
  for (const merge of merges) {
    const within = await history.isAncestor(rig, merge, tip);
    if (!within.ok) return within;
    if (within.yes) return { ok: true, landing: { kind: "landed", merge, method: "merge" } };
  }
  const all = await history.merges(rig, { ...range, firstParent: false });
  if (!all.ok) return all;
  const ours = all.merges.find(
    ({ parents, beads }) => parents[1] === request.source && beads.includes(request.beadId),
  );
  return {
    ok: true,
    landing:
      ours === undefined
        ? { kind: "landed", merge: tip, method: "contained" }
        : { kind: "landed", merge: ours.oid, method: "merge" },
  };
}

/**
 * Landings in the history that only engines write: the first-parent one of the ref, and that of each convoy's branch which
 * was landed on it. A withdrawal asks what a lost engine did, and that lands on the ref itself.
 */
async function landingsIn(
  history: History,
  rig: RigRepository,
  range: { readonly from: Oid | null; readonly to: Oid },
  withdraw: boolean,
): Promise<Outcome<{ merges: readonly MergeCommit[] }>> {
  const first = await history.merges(rig, { ...range, firstParent: true });
  if (!first.ok || withdraw) return first;
  const merges = [...first.merges];
  for (const { parents, carries } of first.merges) {
    const branch = parents[1];
    if (!carries || branch === undefined) continue;
    const within = await history.merges(rig, { from: range.from, to: branch, firstParent: true });
    if (!within.ok) return within;
    merges.push(...within.merges);
  }
  return { ok: true, merges };
}
