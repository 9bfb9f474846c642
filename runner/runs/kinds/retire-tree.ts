/** Saves a run's work and lets its tree go, in this order and never without proof. */
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import { removeOwned } from "../../git/paths.ts";
import type { Oid } from "../../git/porcelain.ts";
import type { SavedProof } from "../../git/proof.ts";
import type { RunRepository } from "../../git/run-repo.ts";
import { retireRun, type Saving } from "../../git/saved-work.ts";
import type { LiveRun } from "../live-run.ts";
import type { Workplace } from "../workplace.ts";

type WorkRun = LiveRun<RunSpecOf<"work">>;

export function savingOf(place: Workplace, run: WorkRun): Saving {
  return { git: place.git, sandbox: place.sandboxedExec(run.spec.runId), nowMs: place.clock.now() };
}

export function tellSaved(run: WorkRun, proof: SavedProof, baseOid: Oid): void {
  run.fact({ kind: "saved_work", ref: proof.ref, oid: proof.oid, baseOid });
}

/**
 * After the agent has ended. A tree that cannot be saved stays, and the run's stream says so.
 * @returns whether its work is saved
 */
export async function retireTree(
  place: Workplace,
  run: WorkRun,
  tree: RunRepository,
): Promise<boolean> {
  const retired = await retireRun(tree, savingOf(place, run));
  if (!retired.ok) {
    run.notice("error", `${retired.error.message} ${retired.error.next}`);
    place.log.error("a run's tree was kept", { runId: run.spec.runId, why: retired.error.message });
    return false;
  }
  if (retired.proof.kind === "saved") tellSaved(run, retired.proof, tree.base);
  for (const { path, reason } of retired.unsaved)
    run.notice("warning", `${path} was not saved: ${reason}`);
  return true;
}

/** Lets a tree go whose work a proof holds already. */
export async function releaseTree(
  place: Workplace,
  run: WorkRun,
  tree: RunRepository,
  proof: SavedProof,
): Promise<void> {
  const removed = await removeOwned(tree.root, tree.dir, "run", proof);
  if (!removed.ok)
    place.log.warn("a run's tree was kept", { runId: run.spec.runId, why: removed.error.message });
}
