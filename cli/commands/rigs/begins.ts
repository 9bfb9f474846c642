/** Where a person's commits left the target, so that what is taken out of its history meanwhile does not come back with them. */
import { GIVEN_BEGINS_MAX, type CommandValue } from "../../../protocol/index.ts";
import { Complaint } from "../../complaint.ts";
import { personGit, tryGit } from "./person-git.ts";

const BEGIN_KEY = "gastown.begin";
/** Earlier states of the target that a folder remembers, and are looked at. */
const STATES_MAX = 100;

/** Writes down in a new folder what the target holds now, and what the newest work began from. */
export async function noteBegins(
  folder: string,
  { rig, from }: Pick<CommandValue<"bead.work">, "from"> & { rig: { target: string } },
): Promise<void> {
  const target = await personGit(folder, "rev-parse", trackedRef(rig.target));
  for (const oid of new Set([target, from?.baseOid ?? target]))
    await personGit(folder, "config", "--add", BEGIN_KEY, oid);
}

/**
 * Where the commits of the folder left the target, at each state of it that the folder has known: when it was made, and as it was
 * fetched since. Of those that hold one another the newest. Complaint: they have nothing in common with it.
 */
export async function beginsOf(folder: string, target: string): Promise<string[]> {
  const ref = trackedRef(target);
  const told = [
    await tryGit(folder, "config", "--get-all", BEGIN_KEY),
    await tryGit(folder, "rev-parse", "--verify", "--quiet", ref),
    await tryGit(folder, "log", "-g", `-${STATES_MAX}`, "--format=%H", ref),
  ];
  const begins = new Set<string>();
  for (const oid of new Set(told.flatMap(linesOf)))
    for (const base of linesOf(await tryGit(folder, "merge-base", "--all", "HEAD", oid)))
      begins.add(base);
  if (begins.size === 0)
    throw new Complaint(`The commits of this folder have no history in common with ${target}.`);
  const newest = await tryGit(folder, "merge-base", "--independent", ...begins);
  return linesOf(newest).slice(0, GIVEN_BEGINS_MAX);
}

function linesOf({ ok, text }: { ok: boolean; text: string }): string[] {
  return ok && text !== "" ? text.split("\n") : [];
}

function trackedRef(target: string): string {
  return `refs/remotes/origin/${target}`;
}
