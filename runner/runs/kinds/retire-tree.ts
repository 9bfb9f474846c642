/** Saves a run's work and lets its tree go, in this order and never without proof. */
import { join } from "node:path";
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import { SAVED_COPY_AT_END_MS } from "../../config.ts";
import type { SavedProof } from "../../git/proof.ts";
import type { RunRepository } from "../../git/run-repo.ts";
import { retireRun } from "../../works/retire-run.ts";
import type { CommandPlace } from "../../works/commands.ts";
import type { LiveRun } from "../live-run.ts";
import { tearDown } from "../teardown.ts";
import type { Workplace } from "../workplace.ts";

type WorkRun = LiveRun<RunSpecOf<"work">>;

/** Where the rig's own commands run in an agent's tree. */
export function commandPlace(tree: RunRepository): CommandPlace {
  const dir = join(tree.dir, "gates");
  return {
    treeDir: tree.treeDir,
    homeDir: join(dir, "home"),
    tmpDir: join(dir, "tmp"),
    readOnly: [tree.rig.mirrorDir],
  };
}

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
  const saved = () => tearDown(place, run, commandPlace(tree));
  const retired = await retireRun(place.works.trees, tree, place.clock.now(), saved);
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
  await tearDown(place, run, commandPlace(tree));
  const removed = await place.works.trees.remove(tree, proof);
  if (!removed.ok)
    place.log.warn("a run's tree was kept", { runId: run.spec.runId, why: removed.error.message });
}
