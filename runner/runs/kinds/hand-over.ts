/** Carries verified work out: pushes the run's branch while the lease is good, and tells the town. */
import { z } from "zod";
import { COMMITS_TOLD_MAX } from "../../../protocol/entities/commit.ts";
import type { ExitRecord, FactOf } from "../../../protocol/facts.ts";
import { oidSchema } from "../../../protocol/ids.ts";
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import { sleep } from "../../clock.ts";
import type { RigRepository } from "../../git/mirror.ts";
import { runBranch } from "../../git/names.ts";
import type { GitError } from "../../git/outcome.ts";
import type { RunRepository } from "../../git/run-repo.ts";
import { backOffMs } from "../../session/back-off.ts";
import { stoppedEnding } from "../agent/agent-turns.ts";
import { pushRunBranch } from "../../works/run-branch.ts";
import { ending, type Ending, type LiveRun } from "../live-run.ts";
import { repositoryCode } from "./baseline.ts";
import { releaseTree, retireTree } from "./retire-tree.ts";
import type { Workplace } from "../workplace.ts";

export const handOverSchema = z.object({
  headOid: oidSchema,
  baseOid: oidSchema,
  summary: z.string(),
  noChangesReason: z.string().nullable(),
});
/** Work that was verified and written down. */
export type HandOver = z.infer<typeof handOverSchema>;

type WorkRun = LiveRun<RunSpecOf<"work">>;

/** A remote that cannot be reached is tried again this often before the run gives up, its work saved. */
const PUSH_ATTEMPTS_MAX = 5;
const PUSH_BACK_OFF = { firstMs: 500, lastMs: 20_000 };

/** Ends a run whose work was handed in. The agent has ended. */
export async function handOver(
  place: Workplace,
  run: WorkRun,
  { tree, work, exit }: { tree: RunRepository; work: HandOver; exit: ExitRecord | null },
): Promise<Ending> {
  run.enter("handing over");
  const carried = await carryOut(place, run, tree.rig, work);
  if (!carried.ok) {
    await retireTree(place, run, tree);
    return { ...carried.ending, exit };
  }
  const { headOid: oid, baseOid: base } = work;
  const proof = await place.works.trees.verifySaved(tree.rig, {
    beadId: run.spec.bead.id,
    runId: run.spec.runId,
    oid,
    base,
  });
  if (proof.ok) await releaseTree(place, run, tree, proof.proof);
  else await retireTree(place, run, tree);
  return ending("done", null, "", { exit, facts: [carried.fact] });
}

/** Pushes, if it was not pushed before, and makes the fact that says so. */
export async function carryOut(
  place: Workplace,
  run: WorkRun,
  rig: RigRepository,
  work: HandOver,
): Promise<{ ok: true; fact: FactOf<"work_done"> } | { ok: false; ending: Ending }> {
  const { bead, runId } = run.spec;
  const stat = await place.works.history.diffStat(rig, work.baseOid, work.headOid, 0);
  if (!stat.ok) return { ok: false, ending: notPushed(stat.error) };
  const told = await place.works.history.commits(rig, work.baseOid, work.headOid, COMMITS_TOLD_MAX);
  if (!told.ok) return { ok: false, ending: notPushed(told.error) };
  if (work.noChangesReason === null) {
    const failed = await pushWithPatience(place, run, rig, work);
    if (failed !== null) return { ok: false, ending: failed };
    // With delivery none its branch is in the runner's own store.
    if (bead.delivery !== "none") place.saves.carriedOut(run, work.headOid);
  }
  const { filesTotal, added, removed } = stat.stat;
  const branch = runBranch(bead.id, runId);
  return {
    ok: true,
    fact: {
      kind: "work_done",
      ...work,
      branch,
      files: filesTotal,
      additions: added,
      deletions: removed,
      commits: told.commits,
    },
  };
}

async function pushWithPatience(
  place: Workplace,
  run: WorkRun,
  rig: RigRepository,
  work: HandOver,
): Promise<Ending | null> {
  const { bead, runId } = run.spec;
  for (let attempt = 1; ; attempt++) {
    if (!(await run.authority())) return stoppedEnding(run);
    const pushed = await pushRunBranch(place.works.refs, rig, {
      beadId: bead.id,
      runId,
      oid: work.headOid,
      expected: null,
      delivery: bead.delivery,
      holder: run.holder,
    });
    if (pushed.ok) return null;
    if (!pushed.error.retryable || attempt >= PUSH_ATTEMPTS_MAX) return notPushed(pushed.error);
    const waitMs = backOffMs(attempt, PUSH_BACK_OFF, place.random.unit());
    await sleep(place.clock, waitMs, run.signal);
  }
}

/** The work is good and saved; only its way out is not. What a person has to mend says so by its code. */
function notPushed(error: GitError): Ending {
  return ending(
    "lost",
    error.retryable ? error.code : refusedCode(error),
    `The finished work is saved, but it cannot be pushed: ${error.message} ${error.next}`,
    { details: { phase: "push", git: error.code } },
  );
}

function refusedCode(error: GitError): string {
  const code = repositoryCode(error);
  return code === "repository_unreachable" ? "push_refused" : code;
}
