/** Saves a run's work and lets its tree go, in this order and never without proof. */
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import { SAVED_COPY_AT_END_MS } from "../../config.ts";
import type { SavedProof } from "../../git/proof.ts";
import type { RunRepository } from "../../git/run-repo.ts";
import { retireRun } from "../../works/retire-run.ts";
import type { LiveRun } from "../live-run.ts";
import type { Workplace } from "../workplace.ts";

type WorkRun = LiveRun<RunSpecOf<"work">>;

/**
 * After the agent has ended. A tree that cannot be saved stays, and the run's stream says so. The copy for
 * the rig's repository is waited for a moment: whoever goes on elsewhere begins from it.
 * @returns whether its work is saved
 */
export async function retireTree(
  place: Workplace,
  run: WorkRun,
  tree: RunRepository,
): Promise<boolean> {
  const retired = await retireRun(place.works.trees, tree, place.clock.now());
  if (!retired.ok) {
    run.notice("error", `${retired.error.message} ${retired.error.next}`);
    const reason = `${retired.error.message} ${retired.error.next}`.slice(0, 2_000);
    run.fact({ kind: "tree_kept", dir: tree.dir.slice(0, 500), reason });
    place.log.error("a run's tree was kept", { runId: run.spec.runId, why: retired.error.message });
    return false;
  }
  const { proof, unsaved } = retired;
  if (proof.kind === "saved") await place.saves.saved(run, tree, { proof, left: unsaved });
  for (const { path, reason } of unsaved) run.notice("warning", `${path} was not saved: ${reason}`);
  await place.saves.settled(run.spec.runId, SAVED_COPY_AT_END_MS);
  return true;
}

/** Lets a tree go whose work a proof holds already. */
export async function releaseTree(
  place: Workplace,
  run: WorkRun,
  tree: RunRepository,
  proof: SavedProof,
): Promise<void> {
  const removed = await place.works.trees.remove(tree, proof);
  if (!removed.ok)
    place.log.warn("a run's tree was kept", { runId: run.spec.runId, why: removed.error.message });
}
