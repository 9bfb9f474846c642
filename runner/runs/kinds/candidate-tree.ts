/** The tree that landing a reviewed head would make now: merged in memory, nothing on disk is touched. */
import type { GateResult } from "../../../protocol/review.ts";
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import type { Merged } from "../../git/merge-trees.ts";
import { failure, type Outcome } from "../../git/outcome.ts";
import type { Oid } from "../../git/porcelain.ts";
import { isRewritten, resolveBase, rewrittenWords } from "../../works/base.ts";
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

/** The red gate of work whose beginning is not in the target's history any more; null: there is nothing to say. */
export async function historyGate(
  { works: { history } }: Pick<Workplace, "works">,
  spec: Pick<RunSpecOf<"check">, "rig" | "roundBase">,
  { rig, target }: Pick<FetchedRig, "rig" | "target">,
): Promise<Outcome<{ gate: GateResult | null }>> {
  const { convoyBranch } = spec.rig;
  const found = await isRewritten(history, rig, { base: spec.roundBase, target, convoyBranch });
  if (!found.ok) return found;
  const plain = { name: "history", command: "", code: null, timedOut: false, durationMs: 0 };
  const gate = found.yes ? { ...plain, ok: false, log: rewrittenWords(target) } : null;
  return { ok: true, gate };
}
