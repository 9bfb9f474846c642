import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Git, openGit } from "../../runner/git/git.ts";
import { fetchRig, openRig, type RigRepository } from "../../runner/git/mirror.ts";
import type { Outcome } from "../../runner/git/outcome.ts";
import { claimRoot, type OwnedRoot } from "../../runner/git/paths.ts";
import {
  type Attribution,
  createRunRepository,
  type RunRepository,
} from "../../runner/git/run-repo.ts";
import type { Oid } from "../../runner/git/porcelain.ts";
import { gitWorks } from "../../runner/works/git-works.ts";
import type { Works } from "../../runner/works/works.ts";
import { testExec, testSandbox } from "./git-exec.ts";

export const attribution: Attribution = {
  author: { name: "Ada Person", email: "ada@example.test" },
  committer: { name: "polecat", email: "polecat@gastown.invalid" },
};
export const nowMs = 1_750_000_000_000;

export type RigFixture = {
  readonly dir: string;
  readonly remoteDir: string;
  readonly git: Git;
  readonly root: OwnedRoot;
  readonly rig: RigRepository;
  readonly works: Works;
  remove(): Promise<void>;
};

/** The value of an outcome that a test needs to be good. */
export function must<T>(outcome: Outcome<T>): { ok: true } & T {
  if (!outcome.ok) throw new Error(`${outcome.error.code}: ${outcome.error.message}`);
  return outcome;
}

/** git as a person uses it, in `cwd`; throws when it fails. Returns its trimmed output. */
export async function personGit(cwd: string, ...args: string[]): Promise<string> {
  const result = await testExec.run(["git", ...args], {
    cwd,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: cwd,
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_NAME: "Ada Person",
      GIT_AUTHOR_EMAIL: "ada@example.test",
      GIT_COMMITTER_NAME: "Ada Person",
      GIT_COMMITTER_EMAIL: "ada@example.test",
    },
    timeoutMs: 20_000,
    outputBytesMax: 1_000_000,
  });
  if (result.exit.code !== 0) throw new Error(`git ${args.join(" ")}: ${result.stderr}`);
  return new TextDecoder().decode(result.stdout).trim();
}

export async function write(dir: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(dir, path)), { recursive: true });
  await writeFile(join(dir, path), text);
}

/** A repository with one commit on `main`: a checkout, or a bare one. */
export async function makeRemote(dir: string, options: { bare: boolean }): Promise<void> {
  const work = options.bare ? `${dir}.seed` : dir;
  await mkdir(work, { recursive: true });
  await personGit(work, "init", "--quiet", "--initial-branch=main");
  await write(work, "README.md", "# Sample\n");
  await write(work, "src/a.txt", "one\ntwo\nthree\n");
  await write(work, "src/b.txt", "b\n");
  await write(work, ".gitignore", "build/\n");
  await personGit(work, "add", "-A");
  await personGit(work, "commit", "--quiet", "-m", "Begin");
  if (!options.bare) return;
  await personGit(dirname(dir), "clone", "--quiet", "--bare", work, dir);
  await rm(work, { recursive: true });
}

/** A runner's root with one rig on a new remote, fetched. */
export async function makeRig(options: { bare: boolean } = { bare: true }): Promise<RigFixture> {
  const dir = await mkdtemp(join(tmpdir(), "gt-git-"));
  const remoteDir = join(dir, "remote");
  await makeRemote(remoteDir, options);
  const git = await openGit({
    exec: testExec,
    home: join(dir, "home"),
    path: process.env["PATH"] ?? "",
  });
  const { root } = must(await claimRoot(join(dir, "runner")));
  const { rig } = must(await openRig(git, root, "rg1", { url: remoteDir, kind: "path" }));
  must(await fetchRig(git, rig, "main"));
  return {
    dir,
    remoteDir,
    git,
    root,
    rig,
    works: gitWorks({ git, root, sandboxedExec: () => testSandbox, personHome: dir }),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

/** A run of a bead, checked out at `base` (or at the fetched main). */
export async function makeRun(
  fixture: RigFixture,
  beadId: string,
  runId: string,
  base?: Oid,
  start?: Oid,
): Promise<RunRepository> {
  const from = base ?? must(await fetchRig(fixture.git, fixture.rig, "main")).targetOid;
  const made = await createRunRepository(fixture.git, fixture.root, fixture.rig, {
    beadId,
    runId,
    base: from,
    ...(start === undefined ? {} : { start }),
    targetBranch: "main",
    attribution,
  });
  return must(made).run;
}

/** A commit on a branch of the remote by somebody else. */
export async function strayCommit(
  fixture: Pick<RigFixture, "dir" | "remoteDir">,
  path: string,
  text: string,
  branch = "main",
): Promise<Oid> {
  const work = await mkdtemp(join(fixture.dir, "stray-"));
  await personGit(work, "clone", "--quiet", "--branch", branch, fixture.remoteDir, "w");
  const clone = join(work, "w");
  await write(clone, path, text);
  await personGit(clone, "add", "-A");
  await personGit(clone, "commit", "--quiet", "-m", `Stray change of ${path}`);
  await personGit(clone, "push", "--quiet", "origin", branch);
  return await personGit(clone, "rev-parse", "HEAD");
}
