/** Settles a run that an earlier incarnation of this runner left: its processes are gone or ended here, its work is saved. */
import type { RunSpecOf } from "../../protocol/run-spec.ts";
import type { RunRepository } from "../git/run-repo.ts";
import type { BookedRun } from "../spool/run-book.ts";
import { isKind } from "./execute.ts";
import { carryOut, handOver, handOverSchema } from "./kinds/hand-over.ts";
import { ending, type Ending, type LiveRun } from "./live-run.ts";
import { runMerge } from "./kinds/merge.ts";
import { retireTree } from "./kinds/retire-tree.ts";
import type { Workplace } from "./workplace.ts";

export async function recoverRun(
  place: Workplace,
  run: LiveRun,
  booked: BookedRun,
): Promise<Ending> {
  await place.stopStrays(run.spec.runId);
  const stopped = place.book.tombstone(run.spec.runId);
  if (isKind(run, "work")) return recoverWork(place, run, booked, stopped);
  if (stopped !== null)
    return ending(stopped, stopped, "The run was stopped; its runner was started again meanwhile.");
  // A landing goes on where its journal ends: it must neither be forgotten nor done twice.
  if (isKind(run, "merge")) return runMerge(place, run);
  return lost("Nothing of it is to be saved.");
}

async function recoverWork(
  place: Workplace,
  run: LiveRun<RunSpecOf<"work">>,
  booked: BookedRun,
  stopped: Ending["outcome"] | null,
): Promise<Ending> {
  const handed = handOverSchema.safeParse(booked.memory["handOver"]);
  const opened = await place.rigs.open(run.spec.rig);
  if (!opened.ok)
    return ending(
      "lost",
      opened.error.code,
      `The runner was started again, and the rig cannot be opened: ${opened.error.message}`,
    );
  const tree = await place.works.trees.open(opened.rig, run.spec.runId);
  if (handed.success && stopped === null) {
    // Verified before the runner died: pushed already or not, this ends the same.
    if (tree.ok) return handOver(place, run, { tree: tree.run, work: handed.data, exit: null });
    const carried = await carryOut(place, run, opened.rig, handed.data);
    return carried.ok ? ending("done", null, "", { facts: [carried.fact] }) : carried.ending;
  }
  const left = tree.ok ? await leftOf(place, run, tree.run) : NOTHING_MORE;
  return stopped === null ? lost(left) : ending(stopped, stopped, `The run was stopped. ${left}`);
}

/** The tree is gone, and it goes only after its work was saved. */
const NOTHING_MORE = "What the agent had was saved before.";

async function leftOf(
  place: Workplace,
  run: LiveRun<RunSpecOf<"work">>,
  tree: RunRepository,
): Promise<string> {
  if (await retireTree(place, run, tree)) return "What the agent had is saved.";
  return `What the agent had could not be saved; it is still in ${tree.dir} on the runner's host.`;
}

function lost(left: string): Ending {
  return ending(
    "lost",
    "runner_restarted",
    `The runner was started again in the middle of this run. ${left}`,
  );
}
