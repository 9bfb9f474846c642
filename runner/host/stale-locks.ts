import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { namesIn, type OwnedRoot } from "../git/paths.ts";

const REPOSITORIES = new Set(["mirror.git", "store.git"]);
/** Files that a killed git leaves in a repository's objects: it would write them anew under other names. */
const HALF_WRITTEN = /^(tmp_(pack|idx|rev|obj)_|\.tmp-)/;

/**
 * Removes what a git that was killed left in the rigs' own repositories: locks, which would make each later git fail,
 * and half-written objects. Only before any git of this runner runs, and after those of a dead one were ended; what
 * is younger than `olderThanMs` may be another's. Answers the locks' paths.
 */
export async function removeStaleLocks(
  root: OwnedRoot,
  { nowMs, olderThanMs }: { nowMs: number; olderThanMs: number },
): Promise<string[]> {
  const removed: string[] = [];
  const rigs = join(root.path, "rigs");
  for (const rig of await namesIn(rigs)) {
    const inside = await namesIn(join(rigs, rig));
    for (const repository of inside.filter((name) => REPOSITORIES.has(name)))
      for (const path of await leftIn(join(rigs, rig, repository))) {
        const found = await lstat(path);
        if (!found.isFile() || nowMs - found.mtimeMs < olderThanMs) continue;
        await rm(path, { force: true });
        if (path.endsWith(".lock")) removed.push(path);
      }
  }
  return removed;
}

async function leftIn(repository: string): Promise<string[]> {
  const entries = await readdir(repository, { recursive: true, withFileTypes: true });
  return entries
    .filter(({ name }) => name.endsWith(".lock") || HALF_WRITTEN.test(name))
    .map(({ parentPath, name }) => join(parentPath, name));
}
