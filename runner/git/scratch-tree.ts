import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { SandboxedExec } from "./exec.ts";
import {
  configArguments,
  gitEnvironment,
  type Git,
  gitOutputBytesMax,
  gitTimeoutMs,
  hardenedConfig,
} from "./git.ts";
import { gitFailed } from "./git-errors.ts";
import { readingFilter, writingFilter } from "./lfs/filter.ts";
import type { RigRepository } from "./mirror.ts";
import { safeId } from "./names.ts";
import { failure, type Outcome } from "./outcome.ts";
import { createOwned, type OwnedRoot, removeOwned } from "./paths.ts";
import { fieldsOfZ, type Oid } from "./porcelain.ts";

/** The files of one commit, outside every run: gates and the baseline run here. `treeDir` has no `.git`. */
export type ScratchTree = {
  readonly root: OwnedRoot;
  readonly dir: string;
  readonly treeDir: string;
  /** What was written, for the comparison afterwards; not to be bound into the gates' sandbox. */
  readonly gitDir: string;
  readonly oid: Oid;
  /** Of the rig whose files they are. */
  readonly mirrorDir: string;
};

/** Checks a commit of the store out into a new scratch folder named `name`; an older one of that name goes first. */
export async function materialise(
  git: Git,
  root: OwnedRoot,
  rig: RigRepository,
  wish: { readonly name: string; readonly oid: Oid; readonly contents?: boolean },
): Promise<Outcome<{ scratch: ScratchTree }>> {
  const dir = join(root.path, "scratch", safeId(wish.name));
  await mkdir(join(root.path, "scratch"), { recursive: true, mode: 0o700 });
  const gone = await removeOwned(root, dir, "scratch", null);
  if (!gone.ok) return gone;
  const owned = await createOwned(root, ["scratch", wish.name], "scratch");
  if (!owned.ok) return owned;
  const scratch: ScratchTree = {
    root,
    dir,
    treeDir: join(dir, "tree"),
    gitDir: join(dir, "gitdir"),
    oid: wish.oid,
    mirrorDir: rig.mirrorDir,
  };
  await mkdir(scratch.treeDir, { mode: 0o700 });
  const init = await git.run({
    args: ["init", "--quiet", "--bare", "--template=", scratch.gitDir],
  });
  if (!init.ok) return gitFailed(init, "preparing a scratch tree");
  const indexFile = join(scratch.gitDir, "index");
  const place = { gitDir: rig.storeDir, workTree: scratch.treeDir, indexFile };
  for (const args of [
    ["read-tree", wish.oid],
    ["checkout-index", "--all", "--index", "--quiet"],
  ]) {
    const filter = writingFilter(rig, wish.contents ?? false);
    const config = { "core.bare": "false", ...filter.config };
    const done = await git.run({ ...place, args, ...filter, config });
    if (!done.ok) return gitFailed(done, `writing the files of ${wish.oid}`);
  }
  return { ok: true, scratch };
}

/**
 * The tracked files that were changed or deleted since `materialise`: empty means that what the gates
 * saw is what would land. New files (build output) do not count. Runs in a sandbox, because gates are
 * agent-written code.
 */
export async function changedSince(
  sandbox: SandboxedExec,
  scratch: Pick<ScratchTree, "treeDir" | "gitDir"> & { readonly mirrorDir: string | null },
): Promise<Outcome<{ paths: string[] }>> {
  const { treeDir, gitDir, mirrorDir } = scratch;
  const filter = mirrorDir === null ? {} : readingFilter({ mirrorDir });
  const result = await sandbox.run(
    [
      "git",
      ...configArguments({ ...hardenedConfig, ...filter.config, "core.bare": "false" }),
      "ls-files",
      "--modified",
      "--deleted",
      "-z",
    ],
    {
      cwd: treeDir,
      env: {
        ...gitEnvironment("/nonexistent", "/usr/local/bin:/usr/bin:/bin"),
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_DIR: gitDir,
        GIT_WORK_TREE: treeDir,
      },
      readOnly: [treeDir, gitDir, ...(mirrorDir === null ? [] : [mirrorDir])],
      readWrite: [],
      timeoutMs: filter.timeoutMs ?? gitTimeoutMs,
      outputBytesMax: gitOutputBytesMax,
    },
  );
  if (result.exit.code !== 0) {
    return failure(
      "git_failed",
      `The gates' tree cannot be compared: ${result.stderr.slice(0, 300)}`,
      "The gates are run again.",
      { retryable: true },
    );
  }
  return { ok: true, paths: [...new Set(fieldsOfZ(new TextDecoder().decode(result.stdout)))] };
}

/** Removes a scratch tree; it never held work. */
export async function removeScratch(scratch: ScratchTree): Promise<Outcome<{ removed: boolean }>> {
  return await removeOwned(scratch.root, scratch.dir, "scratch", null);
}
