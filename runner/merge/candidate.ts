import type { RigRepository } from "../git/mirror.ts";
import type { Outcome } from "../git/outcome.ts";
import type { Oid } from "../git/porcelain.ts";
import type { History } from "../works/history.ts";
import { landingRefOf, type LandingRequest } from "./request.ts";

export type Candidate =
  | { readonly kind: "candidate"; readonly onto: Oid; readonly merge: Oid; readonly tree: Oid }
  | { readonly kind: "conflict"; readonly files: readonly string[] };

/**
 * Makes the merge commit of a landing: always a merge, also where the target could simply move
 * forward, so that its first-parent history has one commit per bead. On an integration ref the target
 * is brought in first; where that conflicts the ref goes on without it.
 */
export async function makeCandidate(
  history: History,
  rig: RigRepository,
  request: LandingRequest,
  place: { readonly tip: Oid | null; readonly target: Oid; readonly nowMs: number },
): Promise<Outcome<{ candidate: Candidate }>> {
  const onto = await tipWithTarget(history, rig, request, place);
  if (!onto.ok) return onto;
  const merged = await history.mergeTrees(rig, onto.oid, request.source);
  if (!merged.ok) return merged;
  if (merged.merged.kind === "conflict")
    return { ok: true, candidate: { kind: "conflict", files: merged.merged.files } };
  const { tree } = merged.merged;
  const { author, committer } = request.attribution;
  const title = request.title.replaceAll(/\s+/g, " ").trim() || request.beadId;
  const carries = request.carries === 0 ? "" : `Carries: ${request.carries}\n`;
  const message = `${title}\n\nBead: ${request.beadId}\n${carries}Co-authored-by: ${committer.name} <${committer.email}>\n`;
  const merge = await history.commit(rig, {
    tree,
    parents: [onto.oid, request.source],
    message,
    ...{ author, committer, atMs: place.nowMs },
  });
  if (!merge.ok) return merge;
  return { ok: true, candidate: { kind: "candidate", onto: onto.oid, merge: merge.oid, tree } };
}

async function tipWithTarget(
  history: History,
  rig: RigRepository,
  request: LandingRequest,
  {
    tip,
    target,
    nowMs,
  }: { readonly tip: Oid | null; readonly target: Oid; readonly nowMs: number },
): Promise<Outcome<{ oid: Oid }>> {
  if (tip === null) return { ok: true, oid: target };
  const within = await history.isAncestor(rig, target, tip);
  if (!within.ok) return within;
  if (within.yes) return { ok: true, oid: tip };
  const behind = await history.isAncestor(rig, tip, target);
  if (!behind.ok) return behind;
  if (behind.yes) return { ok: true, oid: target };
  const merged = await history.mergeTrees(rig, tip, target);
  if (!merged.ok) return merged;
  if (merged.merged.kind === "conflict") return { ok: true, oid: tip };
  const message = `Bring ${request.target} into ${landingRefOf(request).replace("refs/heads/", "")}\n`;
  return await history.commit(rig, {
    tree: merged.merged.tree,
    parents: [tip, target],
    message,
    ...request.attribution,
    atMs: nowMs,
  });
}
