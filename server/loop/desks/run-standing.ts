/** Whether a runner may still act for a run. */
import { eq } from "drizzle-orm";
import type { Fence } from "../../../protocol/index.ts";
import type { Db } from "../../store/database.ts";
import { given, prepared } from "../../store/prepared.ts";
import { runs } from "../../store/schema/runs.ts";

/** Without what only its rules read: a spec that cannot be read must not shut its runner out. */
const standingOf = prepared((db) =>
  db
    .select({
      runnerId: runs.runnerId,
      fenceEpoch: runs.fenceEpoch,
      fenceN: runs.fenceN,
      state: runs.state,
    })
    .from(runs)
    .where(eq(runs.id, given("id")))
    .prepare(),
);

/** Why this runner may not act for the run any more, or null. */
export function refusalOf(
  db: Db,
  runnerId: string,
  { runId, fence }: { runId: string; fence: Fence },
): string | null {
  const run = standingOf(db).get({ id: runId });
  if (!run) return "the town does not know this run";
  if (run.runnerId !== runnerId) return "this run belongs to another runner";
  if (run.fenceEpoch !== fence.epoch || run.fenceN !== fence.n)
    return "the fence of this run has advanced";
  return run.state === "ended" ? "this run has ended" : null;
}
