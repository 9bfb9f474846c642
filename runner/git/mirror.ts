import { link, readdir } from "node:fs/promises";
import { join } from "node:path";
import { nameList } from "../name-list.ts";
import type { Holder } from "./access/access.ts";
import { type Git, gitNetworkTimeoutMs, hasAnswered } from "./git.ts";
import { gitFailed, remoteFailed } from "./git-errors.ts";
import { isBranchName, safeId } from "./names.ts";
import { failure, type Outcome } from "./outcome.ts";
import { createOwned, type OwnedRoot } from "./paths.ts";
import { type Oid, oidIn, refsOf } from "./porcelain.ts";
import { type Remote, type RemoteShape, remoteShape } from "./remote.ts";

/**
 * The repositories of one rig on this runner.
 * `mirrorDir` holds what the remote holds, is read-only to agents, and runs borrow its objects.
 * `storeDir` holds saved work, candidates and integration refs; it borrows nothing, so the mirror may
 * be rebuilt without it.
 */
export type RigRepository = {
  readonly rigId: string;
  readonly remote: Remote;
  readonly dir: string;
  readonly mirrorDir: string;
  readonly storeDir: string;
};

const common: Readonly<Record<string, string>> = {
  "core.repositoryFormatVersion": "1",
  "extensions.preciousObjects": "true",
  "gc.auto": "0",
  "maintenance.auto": "false",
  "core.bare": "true",
  "core.hooksPath": "/dev/null",
  // What a rig's people have in their repository is theirs; an agent's work is checked when it is fetched.
  "transfer.fsckObjects": "false",
  "core.fsync": "committed,loose-object,reference",
};
/** A store keeps the old values of its refs too: nothing that was once saved becomes unreachable. */
const storeSettings: Readonly<Record<string, string>> = {
  "core.logAllRefUpdates": "always",
  "receive.autogc": "false",
  // Runs and candidates are fetched from here by oid, by the runner only.
  "uploadpack.allowAnySHA1InWant": "true",
};

/** Makes or finds the mirror and the store of a rig. Does not talk to the remote. Idempotent. */
export async function openRig(
  git: Git,
  root: OwnedRoot,
  rigId: string,
  remote: Remote,
): Promise<Outcome<{ rig: RigRepository }>> {
  const owned = await createOwned(root, ["rigs", safeId(rigId)], "rig");
  if (!owned.ok) return owned;
  const mirrorDir = join(owned.path, "mirror.git");
  const storeDir = join(owned.path, "store.git");
  const mirror = await ensureBare(git, mirrorDir, common);
  if (!mirror.ok) return mirror;
  const store = await ensureBare(git, storeDir, { ...common, ...storeSettings });
  if (!store.ok) return store;
  return { ok: true, rig: { rigId, remote, dir: owned.path, mirrorDir, storeDir } };
}

async function ensureBare(
  git: Git,
  dir: string,
  settings: Readonly<Record<string, string>>,
): Promise<Outcome<object>> {
  const init = await git.run({
    args: ["init", "--quiet", "--bare", "--template=", "--initial-branch=main", dir],
  });
  if (!init.ok) return gitFailed(init, `making ${dir}`);
  // Set at each start: a crash between init and the settings would leave a repository that prunes.
  for (const [key, value] of Object.entries(settings)) {
    const set = await git.run({ gitDir: dir, args: ["config", key, value] });
    if (!set.ok) return gitFailed(set, `setting ${key} of ${dir}`);
  }
  return { ok: true };
}

export type Fetched = { readonly targetOid: Oid; readonly shape: RemoteShape };

/**
 * Brings the mirror up to date with the remote, then the store with the mirror; `target` is the branch
 * the rig works on. Private refs of either repository are outside the fetched namespace and stay.
 * Errors: unreachable, authentication, not_a_repository, empty_repository, missing_branch, shallow_repository.
 */
export async function fetchRig(
  git: Git,
  rig: RigRepository,
  target: string,
  run: Holder | null = null,
): Promise<Outcome<Fetched>> {
  if (!isBranchName(target))
    return failure(
      "missing_branch",
      `${JSON.stringify(target)} is not a branch name.`,
      "Name an existing branch.",
    );
  const shape = await remoteShape(git, rig.remote);
  if (!shape.ok) return shape;
  const fetched = await git.run({
    gitDir: rig.mirrorDir,
    args: [...fetchArguments, "--prune", rig.remote.url, "+refs/heads/*:refs/remotes/origin/*"],
    timeoutMs: gitNetworkTimeoutMs,
    access: { url: rig.remote.url, rigId: rig.rigId, use: "read", run },
  });
  if (!fetched.ok) return remoteFailed(fetched, rig.remote.url, "fetching from");
  const refs = await remoteHeads(git, rig.mirrorDir);
  if (!refs.ok) return refs;
  if (refs.heads.size === 0) {
    return failure(
      "empty_repository",
      `${rig.remote.url} has no commit yet.`,
      `Make a first commit on ${target} and push it.`,
    );
  }
  const targetOid = refs.heads.get(`refs/remotes/origin/${target}`);
  if (targetOid === undefined) {
    return failure(
      "missing_branch",
      `${rig.remote.url} has no branch ${target}; it has ${branchesOf(refs.heads)}.`,
      "Make one of them the rig's target: `gastown rig set RIG --target BRANCH`.",
    );
  }
  const stored = await fillStore(git, rig);
  if (!stored.ok) return stored;
  return { ok: true, targetOid, shape: shape.shape };
}

const BRANCHES_NAMED_MAX = 5;

/** People's own branches: who has renamed one finds it here. */
function branchesOf(heads: ReadonlyMap<string, Oid>): string {
  const names = [...heads.keys()]
    .map((ref) => ref.replace("refs/remotes/origin/", ""))
    .filter((name) => !name.startsWith("gastown/"));
  return nameList(names, BRANCHES_NAMED_MAX) || "none";
}

/** Arguments of every fetch of the runner. */
export const fetchArguments: readonly string[] = [
  "fetch",
  "--quiet",
  "--no-tags",
  "--no-write-fetch-head",
  "--no-auto-gc",
  "--no-recurse-submodules",
];

async function remoteHeads(
  git: Git,
  gitDir: string,
): Promise<Outcome<{ heads: Map<string, Oid> }>> {
  const run = await git.run({
    gitDir,
    args: ["for-each-ref", "--format=%(objectname)%09%(refname)", "refs/remotes/origin/"],
  });
  if (!run.ok) return gitFailed(run, "listing the mirror's branches");
  return { ok: true, heads: refsOf(run.text) };
}

async function fillStore(git: Git, rig: RigRepository): Promise<Outcome<object>> {
  const first = await remoteHeads(git, rig.storeDir);
  if (!first.ok) return first;
  if (first.heads.size === 0) await sharePacks(rig);
  const copy = () =>
    git.run({
      gitDir: rig.storeDir,
      args: [
        ...fetchArguments,
        "--prune",
        rig.mirrorDir,
        "+refs/remotes/origin/*:refs/remotes/origin/*",
      ],
      timeoutMs: gitNetworkTimeoutMs,
    });
  let run = await copy();
  // Who fills it at the same time was quicker with a branch: the second look sees what he wrote.
  if (!run.ok && run.result.stderr.includes("cannot lock ref")) run = await copy();
  if (!run.ok) return gitFailed(run, "copying the mirror into the store");
  return { ok: true };
}

/** The first filling costs no disk: packs are the same inodes. What cannot be linked is fetched after. */
async function sharePacks(rig: RigRepository): Promise<void> {
  const from = join(rig.mirrorDir, "objects", "pack");
  const to = join(rig.storeDir, "objects", "pack");
  const names = (await readdir(from)).filter((name) => /^pack-[0-9a-f]+\.(pack|idx)$/.test(name));
  // A pack counts from the moment its index is there, so indexes come last.
  names.sort((a, b) => Number(a.endsWith(".idx")) - Number(b.endsWith(".idx")));
  for (const name of names) {
    try {
      await link(join(from, name), join(to, name));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : "";
      if (code === "EXDEV" || code === "EPERM" || code === "EMLINK") return;
      if (code !== "EEXIST") throw error;
    }
  }
}

/** The oid of a ref in a local repository; null where there is no such ref. */
export async function readRef(
  git: Git,
  gitDir: string,
  ref: string,
): Promise<Outcome<{ oid: Oid | null }>> {
  const run = await git.run({
    gitDir,
    args: ["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`],
  });
  if (run.ok) return { ok: true, oid: oidIn(run.text) };
  if (run.code === 1) return { ok: true, oid: null };
  return gitFailed(run, `reading ${ref}`);
}

/** Whether `ancestor` is `descendant` or among its ancestors. An unknown oid is an error, not a no. */
export async function isAncestor(
  git: Git,
  gitDir: string,
  ancestor: Oid,
  descendant: Oid,
): Promise<Outcome<{ yes: boolean }>> {
  const run = await git.run({
    gitDir,
    args: ["merge-base", "--is-ancestor", ancestor, descendant],
  });
  if (run.ok || run.code === 1) return { ok: true, yes: run.ok };
  return gitFailed(run, `comparing ${ancestor} with ${descendant}`);
}

/** Whether the repository has this commit. */
export async function hasCommit(
  git: Git,
  gitDir: string,
  oid: Oid,
): Promise<Outcome<{ yes: boolean }>> {
  const run = await git.run({ gitDir, args: ["cat-file", "-e", `${oid}^{commit}`] });
  if (!hasAnswered(run)) return gitFailed(run, `looking for ${oid}`);
  return { ok: true, yes: run.ok };
}
