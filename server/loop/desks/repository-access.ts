/**
 * Which runner is given the credential of a rig's repository, for which operation of git. What is not named here is refused.
 */
import { and, eq } from "drizzle-orm";
import {
  purgeFrameSchema,
  refuse,
  type RepositoryAccess,
  type RepositoryFrame,
  type Result,
} from "../../../protocol/index.ts";
import type { AuthPort } from "../../core.ts";
import { hasLabels, hasRight } from "../../reconcile/gates.ts";
import { NEED } from "../../reconcile/stages.ts";
import type { Db } from "../../store/database.ts";
import { rowAt } from "../../store/rows.ts";
import { rigs, runners, runs } from "../../store/schema/runs.ts";
import { outbox } from "../../store/schema/town.ts";
import { readCredential } from "../../store/settings.ts";
import { purgeSubject } from "../../store/trash/purge-subject.ts";
import type { RunnerRow } from "../../store/writes/runners.ts";

type Refused = ReturnType<typeof refuse>;

/** `stale`: why the run that is named may not act any more; null where it may, or none is named. */
export function repositoryAccess(
  { db, auth }: { db: Db; auth: AuthPort },
  runnerId: string,
  frame: RepositoryFrame,
  stale: string | null,
): Result<RepositoryAccess> {
  const runner = rowAt(db, runners, runnerId);
  if (runner === undefined || runner.revokedAt !== null)
    return refuse("forbidden", "this runner is none of the town's any more.");
  const remote =
    frame.use === "purge" ? purgedRemote(db, runnerId, frame.rigId) : rigRemote(db, frame.rigId);
  if (remote === null)
    return refuse("not_found", "the town has nothing to do there: the rig is not in it any more.");
  // Where git goes is the town's to say: nobody gets a credential for another place.
  if (remote !== frame.remote)
    return refuse("forbidden", "this is not the address of that rig's repository.");
  const refused = frame.use === "purge" ? null : barred(db, runner, frame, stale);
  if (refused !== null) return refused;
  return readCredential(db, frame.rigId, (rowId, sealed) => auth.unseal(rowId, sealed));
}

function rigRemote(db: Db, rigId: string): string | null {
  return rowAt(db, rigs, rigId)?.remote ?? null;
}

/** Its rig has no row any more: what the runner was ordered stands in the order, for as long as that is owed. */
function purgedRemote(db: Db, runnerId: string, rigId: string): string | null {
  const subject = purgeSubject(rigId, runnerId);
  const owed = db
    .select({ argument: outbox.argument })
    .from(outbox)
    .where(and(eq(outbox.subject, subject), eq(outbox.kind, "rig.purge")))
    .get();
  if (owed === undefined) return null;
  return purgeFrameSchema.pick({ remote: true }).parse(JSON.parse(owed.argument)).remote;
}

function barred(
  db: Db,
  runner: RunnerRow,
  { rigId, use, run: named }: RepositoryFrame,
  stale: string | null,
): Refused | null {
  if (named === null) return use === "read" ? foreign(db, runner, rigId) : NEEDS_RUN;
  const run = rowAt(db, runs, named.runId);
  if (run?.runnerId !== runner.id || run.rigId !== rigId)
    return refuse("forbidden", "this is no run of that rig on this runner.");
  // What was saved outlives its run, and may have to be copied or deleted after it.
  if (use === "save")
    return run.fenceEpoch === named.fence.epoch && run.fenceN === named.fence.n
      ? null
      : refuse("stale_fence", "this is not the fence that the run had.");
  if (stale !== null) return refuse("stale_fence", `${stale}: it may do nothing there any more.`);
  if (use === "push" && run.kind !== "work")
    return refuse("forbidden", `a ${run.kind} run pushes nothing.`);
  if (use !== "merge") return null;
  if (run.kind !== "merge") return refuse("forbidden", `a ${run.kind} run lands nothing.`);
  return hasRight(runner, NEED.merge)
    ? null
    : refuse("forbidden", "this runner may not land anything any more: give it the right merge.");
}

const NEEDS_RUN = refuse("forbidden", "without a run a repository is read, and nothing else.");

/** Without a run it looks into what it may work on. */
function foreign(db: Db, runner: RunnerRow, rigId: string): Refused | null {
  const rig = rowAt(db, rigs, rigId);
  if (rig !== undefined && hasLabels(runner, rig)) return null;
  return refuse("forbidden", "this runner does not have the labels that the rig wants.");
}
