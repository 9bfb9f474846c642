/** Rigs, and checkouts of people, in memory. */
import { isBranchName, safeId } from "../../runner/git/names.ts";
import { failure, type Outcome } from "../../runner/git/outcome.ts";
import type { RigRepository } from "../../runner/git/mirror.ts";
import { isRigProof } from "../../runner/git/proof.ts";
import type { RemoteShape } from "../../runner/git/remote.ts";
import type { Checkouts, Rigs } from "../../runner/works/works.ts";
import type { SimRemote } from "./forge.ts";
import type { SimHostFiles } from "./host-files.ts";
import { callRemote, notThere } from "./refs.ts";

const TRACKED = "refs/remotes/origin/";
const HEADS = "refs/heads/";

export function simRigs(host: SimHostFiles): Rigs {
  const { forge } = host;
  return {
    open: (rigId, url) => {
      const dir = host.dirOf("rigs", safeId(rigId));
      const [mirrorDir, storeDir] = [`${dir}/mirror.git`, `${dir}/store.git`];
      host.store(storeDir);
      const remote = { url, kind: "path" as const };
      return Promise.resolve({ ok: true, rig: { rigId, remote, dir, mirrorDir, storeDir } });
    },
    has: (rigId) => Promise.resolve(host.isStore(`${host.dirOf("rigs", safeId(rigId))}/store.git`)),
    remove: (rig, proof) => {
      if (isRigProof(proof, rig.rigId))
        return Promise.resolve({ ok: true, removed: host.dropStore(rig.storeDir) });
      const message = `The work in ${rig.dir} is not proved to be saved.`;
      return Promise.resolve(failure("no_proof", message, "Save the run's work first."));
    },
    defaultBranch: ({ remote: { url } }) =>
      Promise.resolve(
        callRemote(forge, { url, writes: false }, () => {
          const remote = forge.find(url);
          if (remote === undefined) return notThere(url);
          const branch = remote.defaultBranch;
          return remote.repository.refs.has(HEADS + branch)
            ? { ok: true as const, branch }
            : empty(url);
        }),
      ),
    // Nothing is refused to anybody here.
    attempt: ({ remote: { url } }) =>
      Promise.resolve(
        callRemote(forge, { url, writes: false }, () =>
          forge.find(url) === undefined ? notThere(url) : { ok: true as const },
        ),
      ),
    fetch: (rig, target) => {
      if (!isBranchName(target)) return Promise.resolve(noBranch(rig.remote.url, target));
      const call = { url: rig.remote.url, writes: false };
      return Promise.resolve(callRemote(forge, call, () => fetchRig(host, rig, target)));
    },
  };
}

function fetchRig(host: SimHostFiles, rig: RigRepository, target: string) {
  const { url } = rig.remote;
  const remote = host.forge.find(url);
  if (remote === undefined) return notThere(url);
  const store = host.store(rig.storeDir);
  for (const ref of [...store.refs.keys()]) if (ref.startsWith(TRACKED)) store.refs.delete(ref);
  for (const [ref, oid] of remote.repository.refs) {
    if (!ref.startsWith(HEADS)) continue;
    store.take(oid);
    store.refs.set(TRACKED + ref.slice(HEADS.length), oid);
  }
  if (![...store.refs.keys()].some((ref) => ref.startsWith(TRACKED))) return empty(url);
  const targetOid = store.refs.get(TRACKED + target);
  if (targetOid === undefined) return noBranch(url, target);
  return { ok: true as const, targetOid, shape: shapeOf(url, remote) };
}

function shapeOf(url: string, { checkout }: SimRemote): RemoteShape {
  if (checkout === null) return { kind: "bare" };
  return { kind: "checkout", workTree: url, branch: checkout.branch };
}

function empty(url: string) {
  return failure("empty_repository", `${url} has no commit yet.`, "Make a first commit.");
}

function noBranch(url: string, branch: string) {
  return failure("missing_branch", `${url} has no branch ${branch}.`, "Name an existing branch.");
}

export function simCheckouts(host: SimHostFiles): Checkouts {
  const { forge } = host;
  const soon = <T>(value: T): Promise<T> => Promise.resolve(value);
  return {
    shape: ({ remote: { url } }): Promise<Outcome<{ shape: RemoteShape }>> => {
      const remote = forge.find(url);
      return soon(remote === undefined ? notThere(url) : { ok: true, shape: shapeOf(url, remote) });
    },
    state: (workTree) => soon(forge.find(workTree)?.checkout?.dirty === false ? "clean" : "dirty"),
    fastForward: (workTree, { branch, expected, candidateRef, merge }) => {
      const remote = forge.find(workTree);
      const ref = HEADS + branch;
      const at = remote?.repository.refs.get(ref);
      const moved = (result: "merged" | "moved" | "dirty", reason: string) =>
        soon({ ok: true as const, result, reason });
      if (remote?.checkout?.branch !== branch)
        return moved("dirty", "another branch is checked out");
      if (at === merge) return moved("merged", "");
      if (at !== expected) return moved("moved", `${branch} has moved`);
      if (remote.checkout.dirty) return moved("dirty", "the checkout has changes");
      if (remote.repository.refs.get(candidateRef) !== merge)
        return moved("moved", "the candidate was taken back");
      if (!forge.objects.isAncestor(expected, merge))
        return moved("moved", "Not possible to fast-forward");
      remote.repository.refs.set(ref, merge);
      return moved("merged", "");
    },
  };
}
