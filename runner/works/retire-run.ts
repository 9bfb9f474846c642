import type { Outcome } from "../git/outcome.ts";
import { issueProof, type NothingToSave, type RemovalProof } from "../git/proof.ts";
import type { RunRepository } from "../git/run-repo.ts";
import type { Unsaved } from "../git/snapshot.ts";
import type { RunTrees } from "./works.ts";

/**
 * Removes a run's folders after one more save, so that the proof is of what is there now. The run's
 * processes must have ended. Returns what the proof holds; where saving fails nothing is removed. `saved` is waited
 * for between the two.
 */
export async function retireRun(
  trees: RunTrees,
  run: RunRepository,
  nowMs: number,
  saved: () => Promise<void> = () => Promise.resolve(),
): Promise<Outcome<{ proof: RemovalProof; unsaved: readonly Unsaved[] }>> {
  if (!(await trees.hasTree(run))) return await remove(trees, run, nothing(run, "no_tree"), []);
  const save = await trees.save(run, { nowMs });
  if (!save.ok) return save;
  await saved();
  const proof = save.proof.oid === run.base ? nothing(run, "equals_base") : save.proof;
  return await remove(trees, run, proof, save.unsaved);
}

function nothing(run: RunRepository, reason: NothingToSave["reason"]): NothingToSave {
  return issueProof<NothingToSave>({
    kind: "nothing_to_save",
    beadId: run.beadId,
    runId: run.runId,
    reason,
  });
}

async function remove(
  trees: RunTrees,
  run: RunRepository,
  proof: RemovalProof,
  unsaved: readonly Unsaved[],
): Promise<Outcome<{ proof: RemovalProof; unsaved: readonly Unsaved[] }>> {
  const removed = await trees.remove(run, proof);
  return removed.ok ? { ok: true, proof, unsaved } : removed;
}
