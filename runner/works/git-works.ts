/** The works of this host: git on repositories below the runner's root. */
import { join } from "node:path";
import type { Credential, Holder } from "../git/access/access.ts";
import { checkoutState, fastForwardCheckout } from "../git/checkout.ts";
import { gitNetworkTimeoutMs, type Git } from "../git/git.ts";
import { remoteFailed } from "../git/git-errors.ts";
import { contentsBringer } from "../git/lfs/contents.ts";
import { plainFiles } from "../git/lfs/plain-files.ts";
import { fetchArguments, fetchRig, openRig, type RigRepository } from "../git/mirror.ts";
import { failure, type Outcome } from "../git/outcome.ts";
import { safeId } from "../git/names.ts";
import { namesIn, removeOwned } from "../git/paths.ts";
import { refsOf } from "../git/porcelain.ts";
import { accessTo, pushRefs, remoteRefs } from "../git/push.ts";
import { parseRemote, remoteShape } from "../git/remote.ts";
import { browse, resolveName } from "./browse.ts";
import { gitHistory } from "./git-history.ts";
import { gitScratch, gitTrees, type TreeParts } from "./git-trees.ts";
import type { Refs, Rigs, Works } from "./works.ts";

/** `personHome`: home of the person whose checkout a local remote is; their git settings count in it. */
export function gitWorks(parts: TreeParts & { personHome: string }): Works {
  const { git, personHome } = parts;
  return {
    rigs: gitRigs(parts),
    history: gitHistory(git),
    refs: gitRefs(git),
    trees: gitTrees(parts),
    scratch: gitScratch(parts),
    checkouts: {
      shape: (rig) => remoteShape(git, rig.remote),
      state: (workTree) => checkoutState(git, workTree, personHome),
      fastForward: (workTree, wish) => fastForwardCheckout(git, workTree, personHome, wish),
    },
    browse: {
      resolve: (rig, name) => resolveName(git, rig, name),
      look: (rig, at, wish) => browse(git, rig, at, wish),
    },
    lfs: {
      bring: contentsBringer(git),
      plain: (rig, base, head) => plainFiles(git, rig, base, head),
    },
  };
}

/** A person waits for it. */
const ATTEMPT_MS = 20_000;

function gitRigs({ git, root }: TreeParts): Rigs {
  return {
    open: async (rigId, text) => {
      const parsed = await parseRemote(text);
      return parsed.ok ? openRig(git, root, rigId, parsed.remote) : parsed;
    },
    has: async (rigId) => (await namesIn(join(root.path, "rigs", safeId(rigId)))).length > 0,
    remove: (rig, proof) => removeOwned(root, rig.dir, "rig", proof),
    defaultBranch: (rig, run = null) => defaultBranch(git, rig, run),
    attempt: (rig, credential) => attempt(git, rig, credential),
    fetch: (rig, target, run) => fetchRig(git, rig, target, run),
  };
}

async function defaultBranch(
  git: Git,
  rig: RigRepository,
  run: Holder | null,
): Promise<Outcome<{ branch: string }>> {
  const { url } = rig.remote;
  const asked = await git.run({
    args: ["ls-remote", "--symref", "--", url, "HEAD"],
    timeoutMs: gitNetworkTimeoutMs,
    access: { url, rigId: rig.rigId, use: "read", run },
  });
  if (!asked.ok) return remoteFailed(asked, url, "reading");
  const branch = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(asked.text)?.[1];
  if (branch !== undefined) return { ok: true, branch };
  return failure(
    "empty_repository",
    `${url} has no commit on its default branch.`,
    "Make a first commit and push it, or name the rig's target.",
  );
}

/** A ref that nobody has: to delete it changes nothing, and is asked only of who may write. */
const NO_REF = "refs/gastown/attempt";

async function attempt(
  git: Git,
  rig: RigRepository,
  secret: Credential | null,
): Promise<Outcome<object>> {
  const { url } = rig.remote;
  const access = secret
    ? { credential: { url, secret } }
    : { access: { url, rigId: rig.rigId, use: "read" as const, run: null } };
  const timeoutMs = ATTEMPT_MS;
  const read = await git.run({ args: ["ls-remote", "--heads", "--", url], timeoutMs, ...access });
  if (!read.ok) return remoteFailed(read, url, "reading");
  const args = ["push", "--dry-run", "--porcelain", "--no-verify", "--", url, `:${NO_REF}`];
  const written = await git.run({ gitDir: rig.storeDir, args, timeoutMs, ...access });
  if (written.ok || /remote ref does not exist/i.test(written.result.stderr)) return { ok: true };
  const failed = remoteFailed(written, url, "asking to write to");
  if (failed.error.code !== "authentication") return failed;
  return failure(
    "push_refused",
    `${url} lets git read, but not write.`,
    "Give the token the right to write to this repository's contents.",
  );
}

function gitRefs(git: Git): Refs {
  return {
    read: (place, names) => remoteRefs(git, place, names),
    list: async (place, prefix) => {
      const run = await git.run({
        args: ["ls-remote", "--refs", "--", place.url, `${prefix}*`],
        timeoutMs: gitNetworkTimeoutMs,
        ...accessTo(place),
      });
      if (!run.ok) return remoteFailed(run, place.url, "reading");
      const refs = [...refsOf(run.text)].filter(([name]) => name.startsWith(prefix));
      return { ok: true, refs: new Map(refs) };
    },
    bring: async (rig, place, ref) => {
      const run = await git.run({
        gitDir: rig.storeDir,
        args: [...fetchArguments, place.url, ref],
        timeoutMs: gitNetworkTimeoutMs,
        ...accessTo(place),
      });
      return run.ok ? { ok: true } : remoteFailed(run, place.url, "reading a ref of");
    },
    push: (rig, place, updates) => pushRefs(git, rig.storeDir, place, updates),
  };
}
