/** Trees of runs and scratch folders on this host; what reads an agent's files runs in the run's sandbox. */
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { SandboxedExec } from "../git/exec.ts";
import type { Git } from "../git/git.ts";
import { safeId } from "../git/names.ts";
import type { RigRepository } from "../git/mirror.ts";
import type { Outcome } from "../git/outcome.ts";
import { createOwned, isOwned, namesIn, removeOwned, type OwnedRoot } from "../git/paths.ts";
import {
  createRunRepository,
  openRunRepository,
  runsOfRig,
  WARM_FOLDER,
  type NewRun,
  type RunRepository,
} from "../git/run-repo.ts";
import { runSandboxedGit } from "../git/sandboxed-git.ts";
import { saveWork, verifySaved } from "../git/saved-work.ts";
import { changedSince, materialise } from "../git/scratch-tree.ts";
import { readCopies, writeCopies } from "./copied-files.ts";
import { adoptWarmTree, letGoWarmTree, makeWarmTree } from "./warm-tree.ts";
import type { Left, RunTrees, ScratchFolder, ScratchTrees } from "./works.ts";

export interface TreeParts {
  git: Git;
  root: OwnedRoot;
  /** The git port inside the sandbox of one run. */
  sandboxedExec: (runId: string) => SandboxedExec;
}

export function gitTrees({ git, root, sandboxedExec }: TreeParts): RunTrees {
  return {
    create: (rig, wish) =>
      withCopies(git, rig, wish, () => createRunRepository(git, root, rig, wish)),
    warm: (rig, wish) => makeWarmTree(git, root, rig, wish),
    adopt: (warm, wish) => withCopies(git, warm.rig, wish, () => adoptWarmTree(git, warm, wish)),
    letGo: ({ dir }) => letGoWarmTree(root, dir),
    open: (rig, runId) => openRunRepository(root, rig, runId),
    ofRig: (rigId) => runsOfRig(root, rigId),
    hasTree: async (run) => (await stat(run.treeDir).catch(() => null)) !== null,
    branch: async (run) => {
      const head = await runSandboxedGit(sandboxedExec(run.runId), run, {
        args: ["symbolic-ref", "-q", "HEAD"],
        env: { GIT_DIR: join(run.treeDir, ".git") },
      });
      // Unreadable, or not read: the files count, on the base.
      if (!head.ok && head.code !== 1) return { readable: false, branch: null };
      const branch = head.text.trim().replace(/^refs\/heads\//, "");
      return { readable: true, branch: branch === "" ? null : branch };
    },
    save: (run, saving) => saveWork(run, { git, sandbox: sandboxedExec(run.runId), ...saving }),
    verifySaved: (rig, saved) => verifySaved(git, rig, saved),
    remove: (run, proof) => removeOwned(root, run.dir, "run", proof),
  };
}

/** The files that are copied are looked at before anything is made of the tree. */
async function withCopies(
  git: Git,
  rig: RigRepository,
  { base, start = base, copies = [] }: NewRun,
  make: () => Promise<Outcome<{ run: RunRepository }>>,
): Promise<Outcome<{ run: RunRepository }>> {
  const read = await readCopies(git, rig, start, copies);
  if (!read.ok) return read;
  const made = await make();
  if (made.ok) await writeCopies(made.run.treeDir, read.files);
  return made;
}

/** Those of runs carry the mark of a run, and stay. */
async function sweepWarm(root: OwnedRoot): Promise<Left[]> {
  const all = join(root.path, WARM_FOLDER);
  const left: Left[] = [];
  for (const name of await namesIn(all)) {
    if (!(await isOwned(join(all, name), "warm"))) continue;
    const removed = await letGoWarmTree(root, join(all, name));
    if (!removed.ok) left.push({ name, why: removed.error.message });
  }
  return left;
}

export function gitScratch({ git, root, sandboxedExec }: TreeParts): ScratchTrees {
  const all = join(root.path, "scratch");
  const dirOf = (name: string) => join(all, safeId(name));
  return {
    write: async (rig, wish) => {
      const read = await readCopies(git, rig, wish.oid, wish.copies ?? []);
      if (!read.ok) return read;
      const made = await materialise(git, root, rig, wish);
      if (!made.ok) return made;
      await writeCopies(made.scratch.treeDir, read.files);
      return { ok: true, scratch: folderOf(wish.name, made.scratch.dir, made.scratch.mirrorDir) };
    },
    empty: async (name) => {
      const made = await createOwned(root, ["scratch", name], "scratch");
      if (!made.ok) return made;
      const scratch = folderOf(name, made.path, null);
      for (const path of [scratch.treeDir, scratch.homeDir, scratch.tmpDir])
        await mkdir(path, { recursive: true, mode: 0o700 });
      return { ok: true, scratch };
    },
    changed: ({ name, treeDir, mirrorDir }) =>
      changedSince(sandboxedExec(name), {
        treeDir,
        gitDir: join(dirOf(name), "gitdir"),
        mirrorDir,
      }),
    remove: ({ name }) => removeOwned(root, dirOf(name), "scratch", null),
    sweep: async () => {
      const left = await sweepWarm(root);
      for (const name of await namesIn(all)) {
        const removed = await removeOwned(root, join(all, name), "scratch", null);
        if (!removed.ok) left.push({ name, why: removed.error.message });
      }
      return left;
    },
  };
}

function folderOf(name: string, dir: string, mirrorDir: string | null): ScratchFolder {
  return {
    name,
    mirrorDir,
    treeDir: join(dir, "tree"),
    homeDir: join(dir, "home"),
    tmpDir: join(dir, "tmp"),
  };
}
