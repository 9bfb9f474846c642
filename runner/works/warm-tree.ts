/**
 * Trees that wait for their run: checked out before a run is known, taken by one run only, or let go. Such a tree holds
 * no work, so it goes without proof until a run has it.
 */
import { join } from "node:path";
import { gitFailed } from "../git/git-errors.ts";
import type { Git } from "../git/git.ts";
import { writingFilter } from "../git/lfs/filter.ts";
import type { RigRepository } from "../git/mirror.ts";
import { safeId } from "../git/names.ts";
import type { Outcome } from "../git/outcome.ts";
import { createOwned, giveToRun, type OwnedRoot, removeOwned } from "../git/paths.ts";
import type { Oid } from "../git/porcelain.ts";
import {
  assemble,
  borrowObjects,
  configure,
  ignoreCopied,
  initTree,
  recordOf,
  WARM_FOLDER,
  writeRecord,
  type NewRun,
  type RunRepository,
} from "../git/run-repo.ts";

export type WarmTree = Pick<RunRepository, "rig" | "dir" | "treeDir" | "homeDir" | "tmpDir"> & {
  readonly root: OwnedRoot;
  readonly name: string;
  /** What is checked out. */
  readonly oid: Oid;
  /** What git has set by itself. */
  readonly config: string;
};

/** Until a run has it; no ref of that name is made. */
const NOBODYS_BRANCH = "gastown/waiting";

/** `contents`: as a run may want them. */
export type WarmWish = { readonly name: string; readonly oid: Oid; readonly contents?: boolean };

/** Makes a tree of `oid` in a folder of its own, which must be new. Errors: unknown_base. */
export async function makeWarmTree(
  git: Git,
  root: OwnedRoot,
  rig: RigRepository,
  wish: WarmWish,
): Promise<Outcome<{ warm: WarmTree }>> {
  const owned = await createOwned(root, [WARM_FOLDER, safeId(wish.name)], "warm");
  if (!owned.ok) return owned;
  const at = (name: string) => join(owned.path, name);
  const place = { treeDir: at("tree"), homeDir: at("home"), tmpDir: at("tmp") };
  const made = await initTree(git, place, NOBODYS_BRANCH);
  if (!made.ok) return made;
  const { config } = made;
  const warm: WarmTree = { ...wish, ...place, root, rig, dir: owned.path, config };
  const gitDir = join(warm.treeDir, ".git");
  const { name, oid, contents = false } = wish;
  const borrowed = await borrowObjects(git, { rig, base: oid, start: oid }, gitDir);
  if (!borrowed.ok) return borrowed;
  const { treeDir: workTree } = warm;
  const args = ["checkout", "--quiet", "--detach", oid];
  const filter = writingFilter(rig, contents);
  const out = await git.run({ gitDir, workTree, args, ...filter });
  return out.ok ? { ok: true, warm } : gitFailed(out, `checking out the tree ${name}`);
}

/**
 * Makes a tree that waited a run's: its settings and branch are written anew, and files move only where the run starts
 * from something else. Errors: unknown_base.
 */
export async function adoptWarmTree(
  git: Git,
  warm: WarmTree,
  wish: NewRun,
): Promise<Outcome<{ run: RunRepository }>> {
  const record = recordOf(warm.rig, wish);
  const run = assemble(warm.root, warm.rig, warm.dir, record);
  const gitDir = join(run.treeDir, ".git");
  await configure(run, gitDir, warm.config);
  if (run.base !== warm.oid || run.start !== warm.oid) {
    const borrowed = await borrowObjects(git, run, gitDir);
    if (!borrowed.ok) return borrowed;
  }
  await ignoreCopied(run, gitDir);
  const commands = [
    ["checkout", "--quiet", "--force", "-B", run.branch, run.start],
    ["update-ref", `refs/remotes/origin/${run.targetBranch}`, run.base],
  ];
  const filter = writingFilter(run.rig, run.contents);
  for (const args of commands) {
    const done = await git.run({ gitDir, workTree: run.treeDir, args, ...filter });
    if (!done.ok) return gitFailed(done, "checking out the run's branch");
  }
  await writeRecord(run.dir, record);
  const given = await giveToRun(warm.root, warm.dir, safeId(run.runId));
  return given.ok ? { ok: true, run } : given;
}

/** Removes a tree that no run has. */
export function letGoWarmTree(
  root: OwnedRoot,
  dir: string,
): Promise<Outcome<{ removed: boolean }>> {
  return removeOwned(root, dir, "warm", null);
}
