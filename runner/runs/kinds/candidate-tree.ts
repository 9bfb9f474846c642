/** The tree that landing a reviewed head would make now: merged in memory, nothing on disk is touched. */
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import type { Merged } from "../../git/merge-trees.ts";
import { failure, type Outcome } from "../../git/outcome.ts";
import type { Oid } from "../../git/porcelain.ts";
import { resolveBase } from "../../works/base.ts";
import type { FetchedRig } from "../../works/rig-desk.ts";
import type { Workplace } from "../workplace.ts";

/** `tip` is what the head would be merged onto: the target, or the integration ref of deliveries that land there. */
export async function candidateTree(
  place: Workplace,
  spec: Pick<RunSpecOf<"check">, "headOid" | "bead" | "rig">,
  { rig, target, targetOid }: FetchedRig,
): Promise<Outcome<{ tip: Oid; merged: Merged }>> {
  const { delivery } = spec.bead;
  const { history } = place.works;
  const base =
    delivery === "merge"
      ? { ok: true as const, oid: targetOid }
      : await resolveBase(history, rig, { target, delivery, convoyBranch: spec.rig.convoyBranch });
  if (!base.ok) return base;
  const held = await history.hasCommit(rig, spec.headOid);
  if (!held.ok) return held;
  if (!held.yes) {
    return failure(
      "unknown_base",
      `Neither this runner nor the remote has ${spec.headOid}.`,
      "The work is looked for again.",
      { retryable: true },
    );
  }
  const merged = await history.mergeTrees(rig, base.oid, spec.headOid);
  return merged.ok ? { ok: true, tip: base.oid, merged: merged.merged } : merged;
}
