/** Trees of runs and scratch folders in memory. */
import { runBranch, safeId, wipRef } from "../../runner/git/names.ts";
import { failure, type Failure } from "../../runner/git/outcome.ts";
import type { Oid } from "../../runner/git/porcelain.ts";
import { isRemovalProof, issueProof, type SavedProof } from "../../runner/git/proof.ts";
import type { RigRepository } from "../../runner/git/mirror.ts";
import type { NewRun, RunRepository } from "../../runner/git/run-repo.ts";
import type { WarmTree } from "../../runner/works/warm-tree.ts";
import type { RunTrees, ScratchTrees } from "../../runner/works/works.ts";
import type { SimHostFiles, SimTree } from "./host-files.ts";

const soon = <T>(value: T): Promise<T> => Promise.resolve(value);

export function simTrees(host: SimHostFiles): RunTrees {
  return {
    create: (rig, wish) => {
      const known = host.trees.get(safeId(wish.runId));
      if (known !== undefined) return soon({ ok: true, run: known.record });
      const run = recordOf(host, rig, wish, host.dirOf("runs", safeId(wish.runId)));
      const files = host.forge.objects.files(run.start);
      const store = host.store(rig.storeDir);
      if (files === undefined || !store.has(run.base) || !store.has(run.start))
        return soon(unknownBase(run.start));
      const tree = { record: run, files: new Map(files), head: run.start, branch: run.branch };
      host.trees.set(run.runId, tree);
      return soon({ ok: true, run });
    },
    ...waitingTrees(host),
    open: (rig, runId) => {
      const known = host.trees.get(runId);
      if (known?.record.rigId === rig.rigId) return soon({ ok: true, run: known.record });
      const message = `Run ${runId} has no repository here.`;
      return soon(failure("not_owned", message, "Start a new run."));
    },
    ofRig: (rigId) =>
      soon(
        [...host.trees.values()]
          .filter(({ record }) => record.rigId === rigId)
          .map(({ record }) => record.runId),
      ),
    hasTree: ({ runId }) => soon(host.trees.has(runId)),
    branch: ({ runId }) => {
      const tree = host.trees.get(runId);
      return soon({ readable: tree !== undefined, branch: tree?.branch ?? null });
    },
    save: (run, { nowMs, message }) => {
      const tree = host.trees.get(run.runId);
      if (host.full) return soon(notSaved("the disk is full"));
      return soon(tree === undefined ? notSaved("it is gone") : save(host, tree, nowMs, message));
    },
    verifySaved: (rig, { beadId, runId, oid }) => {
      const proof = proofOf(host, rig, { beadId, runId, oid });
      return soon(proof === null ? notSaved(`no ref holds ${oid}`) : { ok: true, proof });
    },
    remove: (run, proof) => {
      if (!host.trees.has(run.runId)) return soon({ ok: true, removed: false });
      if (!isRemovalProof(proof, run.runId)) {
        const message = `The work in ${run.dir} is not proved to be saved.`;
        return soon(failure("no_proof", message, "Save the run's work first."));
      }
      return soon({ ok: true, removed: host.trees.delete(run.runId) });
    },
  };
}

function waitingTrees(host: SimHostFiles): Pick<RunTrees, "warm" | "adopt" | "letGo"> {
  return {
    warm: (rig, { name, oid }) => {
      const files = host.forge.objects.files(oid);
      if (files === undefined || !host.store(rig.storeDir).has(oid)) return soon(unknownBase(oid));
      const place = placeOf(host.dirOf("warm", safeId(name)));
      const warm: WarmTree = { ...place, name, oid, rig, root: { path: host.dirOf() }, config: "" };
      host.warm.set(name, { warm, files: new Map(files) });
      return soon({ ok: true, warm });
    },
    adopt: (warm, wish) => {
      const { rig, dir, name } = warm;
      const run = recordOf(host, rig, wish, dir);
      const held = host.warm.get(name);
      const files = host.forge.objects.files(run.start);
      const store = host.store(rig.storeDir);
      if (
        held === undefined ||
        files === undefined ||
        !store.has(run.base) ||
        !store.has(run.start)
      )
        return soon(unknownBase(run.start));
      // An agent that is in it sees the same tree, with other files.
      held.files.clear();
      for (const [path, text] of files) held.files.set(path, text);
      host.warm.delete(name);
      const tree = { record: run, files: held.files, head: run.start, branch: run.branch };
      host.trees.set(run.runId, tree);
      return soon({ ok: true, run });
    },
    letGo: ({ name }) => soon({ ok: true, removed: host.warm.delete(name) }),
  };
}

function placeOf(dir: string) {
  return { dir, treeDir: `${dir}/tree`, homeDir: `${dir}/home`, tmpDir: `${dir}/tmp` };
}

function recordOf(
  host: SimHostFiles,
  rig: RigRepository,
  { copies = [], contents = false, ...wish }: NewRun,
  dir: string,
): RunRepository {
  return {
    ...wish,
    copied: copies.map(({ to }) => to),
    contents,
    start: wish.start ?? wish.base,
    continues: wish.continues ?? null,
    rigId: rig.rigId,
    root: { path: host.dirOf() },
    rig,
    ...placeOf(dir),
    branch: runBranch(wish.beadId, wish.runId),
    gitDir: `${dir}/gitdir`,
  };
}

function save(host: SimHostFiles, tree: SimTree, nowMs: number, message: string | undefined) {
  const { objects } = host.forge;
  const { record: run } = tree;
  const { committer } = run.attribution;
  const descends = objects.isAncestor(run.base, tree.head);
  const parent = descends ? tree.head : run.base;
  const saved = objects.putTree(tree.files);
  const trailers = `Bead: ${run.beadId}\nCo-authored-by: ${committer.name} <${committer.email}>`;
  const store = host.store(run.rig.storeDir);
  const last = objects.commit(store.refs.get(wipRef(run.beadId, run.runId)) ?? "");
  const isLast =
    message === undefined &&
    last?.tree === saved &&
    last.parents.length === 1 &&
    last.parents[0] === parent;
  const text = (message ?? "Save work in progress").trim();
  const anew = () =>
    objects.putCommit({
      ...{ tree: saved, parents: [parent], atMs: nowMs },
      message: `${text}\n\n${trailers}\n`,
      ...run.attribution,
    });
  const oid = objects.commit(parent)?.tree === saved ? parent : isLast ? last.oid : anew();
  store.take(oid);
  store.refs.set(wipRef(run.beadId, run.runId), oid);
  const proof = proofOf(host, run.rig, { beadId: run.beadId, runId: run.runId, oid });
  if (proof === null) return notSaved("its ref does not hold it");
  const dropped = { code: "not_descending" as const, message: "The commits leave the base." };
  return {
    ok: true as const,
    proof,
    base: run.base,
    agentHead: descends ? tree.head : null,
    commitsDropped: descends ? null : dropped,
    unsaved: [],
  };
}

function proofOf(
  host: SimHostFiles,
  rig: RigRepository,
  saved: { beadId: string; runId: string; oid: Oid },
): SavedProof | null {
  const ref = wipRef(saved.beadId, saved.runId);
  const commit = host.forge.objects.commit(saved.oid);
  if (commit === undefined || host.store(rig.storeDir).refs.get(ref) !== saved.oid) return null;
  return issueProof<SavedProof>({ kind: "saved", ...saved, ref, tree: commit.tree });
}

function unknownBase(oid: Oid): Failure {
  const message = `Neither the mirror nor the store of the rig has ${oid}.`;
  return failure("unknown_base", message, "Fetch the rig.", { retryable: true });
}

function notSaved(why: string): Failure {
  const message = `The work could not be saved: ${why}.`;
  return failure("not_saved", message, "The tree is kept.", { retryable: true });
}

export function simScratch(host: SimHostFiles): ScratchTrees {
  const folderOf = (name: string) => {
    const dir = host.dirOf("scratch", safeId(name));
    const inside = { treeDir: `${dir}/tree`, homeDir: `${dir}/home`, tmpDir: `${dir}/tmp` };
    return { name, ...inside, mirrorDir: null };
  };
  return {
    write: (_rig, { name, oid }) => {
      const files = host.forge.objects.files(oid);
      if (files === undefined)
        return soon(failure("git_failed", `no files of ${oid}`, "Fetch.", { retryable: true }));
      host.scratch.set(name, { written: files, files: new Map(files) });
      return soon({ ok: true, scratch: folderOf(name) });
    },
    empty: (name) => {
      if (!host.scratch.has(name)) host.scratch.set(name, { written: new Map(), files: new Map() });
      return soon({ ok: true, scratch: folderOf(name) });
    },
    changed: ({ name }) => {
      const { written, files } = host.scratch.get(name) ?? { written: new Map(), files: new Map() };
      const paths = [...written.keys()].filter((path) => files.get(path) !== written.get(path));
      return soon({ ok: true, paths });
    },
    remove: ({ name }) => soon({ ok: true, removed: host.scratch.delete(name) }),
    sweep: () => {
      host.scratch.clear();
      host.warm.clear();
      return soon([]);
    },
  };
}
