/** The works of this host: git on repositories below the runner's root. */
import { join } from "node:path";
import { checkoutState, fastForwardCheckout } from "../git/checkout.ts";
import { gitNetworkTimeoutMs, type Git } from "../git/git.ts";
import { remoteFailed } from "../git/git-errors.ts";
import { fetchArguments, fetchRig, openRig, type RigRepository } from "../git/mirror.ts";
import { failure, type Outcome } from "../git/outcome.ts";
import { safeId } from "../git/names.ts";
import { namesIn, removeOwned } from "../git/paths.ts";
import { refsOf } from "../git/porcelain.ts";
import { credentialFor, pushRefs, remoteRefs } from "../git/push.ts";
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
  };
}

function gitRigs({ git, root }: TreeParts): Rigs {
  return {
    open: async (rigId, text) => {
      const parsed = await parseRemote(text);
      return parsed.ok ? openRig(git, root, rigId, parsed.remote) : parsed;
    },
    has: async (rigId) => (await namesIn(join(root.path, "rigs", safeId(rigId)))).length > 0,
    remove: (rig, proof) => removeOwned(root, rig.dir, "rig", proof),
    defaultBranch: (rig) => defaultBranch(git, rig),
    fetch: (rig, target, credential) => fetchRig(git, rig, target, credential),
  };
}

async function defaultBranch(git: Git, rig: RigRepository): Promise<Outcome<{ branch: string }>> {
  const { url } = rig.remote;
  const run = await git.run({
    args: ["ls-remote", "--symref", "--", url, "HEAD"],
    timeoutMs: gitNetworkTimeoutMs,
  });
  if (!run.ok) return remoteFailed(run, url, "reading");
  const branch = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(run.text)?.[1];
  if (branch !== undefined) return { ok: true, branch };
  return failure(
    "empty_repository",
    `${url} has no commit on its default branch.`,
    "Make a first commit and push it, or name the rig's target.",
  );
}

function gitRefs(git: Git): Refs {
  return {
    read: (place, names) => remoteRefs(git, place, names),
    list: async (place, prefix) => {
      const run = await git.run({
        args: ["ls-remote", "--refs", "--", place.url, `${prefix}*`],
        timeoutMs: gitNetworkTimeoutMs,
        ...credentialFor(place),
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
        ...credentialFor(place),
      });
      return run.ok ? { ok: true } : remoteFailed(run, place.url, "reading a ref of");
    },
    push: (rig, place, updates) => pushRefs(git, rig.storeDir, place, updates),
  };
}
