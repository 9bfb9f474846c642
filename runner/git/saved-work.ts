import type { SandboxedExec } from "./exec.ts";
import { type Git, gitNetworkTimeoutMs, hasAnswered } from "./git.ts";
import { gitFailed } from "./git-errors.ts";
import { fetchArguments, isAncestor, readRef, type RigRepository } from "./mirror.ts";
import { safeId, wipRef } from "./names.ts";
import { failure, type Outcome } from "./outcome.ts";
import { removePart } from "./paths.ts";
import { isOid, type Oid, oidIn } from "./porcelain.ts";
import { issueProof, type SavedProof } from "./proof.ts";
import { borrowObjects, ignoreCopied, type RunRepository } from "./run-repo.ts";
import { runSandboxedGit, withSandboxedUploadPack } from "./sandboxed-git.ts";
import { defaultSaveLimits, type SaveLimits, snapshotTree, type Unsaved } from "./snapshot.ts";

export type Saving = {
  readonly git: Git;
  readonly sandbox: SandboxedExec;
  readonly nowMs: number;
  /** Message of the commit of what is left; trailers are added. */
  readonly message?: string;
  readonly limits?: SaveLimits;
};

export type CommitsDropped = {
  readonly code: "no_head" | "not_descending" | "refused";
  readonly message: string;
};

export type SavedWork = {
  readonly proof: SavedProof;
  readonly base: Oid;
  /** The agent's last commit, where it descends from the base. */
  readonly agentHead: Oid | null;
  /** Why the agent's own commits could not be kept: its files are, as one commit on the base. */
  readonly commitsDropped: CommitsDropped | null;
  readonly unsaved: readonly Unsaved[];
};

/** Not the agent's business whether a submodule's address is sound: `done` refuses that file, a save keeps it. */
const tolerantFsck: Readonly<Record<string, string>> = {
  "fetch.fsckObjects": "true",
  "fetch.fsck.gitmodulesUrl": "warn",
  "fetch.fsck.gitmodulesPath": "warn",
  "fetch.fsck.gitmodulesName": "warn",
  "fetch.fsck.gitmodulesUpdate": "warn",
  "fetch.fsck.gitmodulesSymlink": "warn",
};

const SAVE_TRIES_MAX = 3;
const saveRef = "refs/gastown/save";
const headRef = "refs/gastown/head";

/**
 * Saves a run's work: the agent's commits if they descend from the base, and what is left as one
 * commit, as `refs/gastown/wip/<bead>/<run>` of the rig's store. Everything that reads the agent's
 * files runs in its sandbox; the store takes the result by a checked fetch. Earlier saves stay in the
 * ref's log. Without a message of its own, what has not changed since the last save is that save.
 * Errors: not_saved, too_large, timed_out; the tree is never changed.
 */
export async function saveWork(run: RunRepository, saving: Saving): Promise<Outcome<SavedWork>> {
  for (let tries = 1; ; tries++) {
    const saved = await saveOnce(run, saving);
    // A git that failed, or was killed, says nothing of the work.
    const mayPass = !saved.ok && saved.error.code === "git_failed";
    if (!mayPass || tries === SAVE_TRIES_MAX) return saved;
  }
}

async function saveOnce(run: RunRepository, saving: Saving): Promise<Outcome<SavedWork>> {
  const { git, sandbox } = saving;
  const fresh = await freshGitDir(git, run);
  if (!fresh.ok) return fresh;
  const head = await agentHead(sandbox, run);
  if (!head.ok) return head;
  const before =
    saving.message === undefined ? await lastSave(git, run) : { ok: true as const, save: null };
  if (!before.ok) return before;
  const last = before.save;
  const first = await commitOnto(sandbox, run, { parent: head.oid ?? run.base, last }, saving);
  if (!first.ok) return first;
  const taken = first.isLast
    ? await lookUp(git, run.rig, wipRef(run.beadId, run.runId), first.commit, run.base)
    : await takeIntoStore(git, sandbox, run, first.commit);
  if (taken.ok)
    return proven(run, taken, {
      agentHead: head.oid,
      commitsDropped: head.dropped,
      unsaved: first.unsaved,
    });
  if (head.oid === null || taken.error.code !== "not_saved") return taken;
  // The agent's commits may be what the check refused: its files are worth more than its history.
  const second = await commitOnto(sandbox, run, { parent: run.base, last: null }, saving);
  if (!second.ok) return second;
  const retaken = await takeIntoStore(git, sandbox, run, second.commit);
  if (!retaken.ok) return retaken;
  return proven(run, retaken, {
    agentHead: null,
    commitsDropped: { code: "refused", message: taken.error.message },
    unsaved: second.unsaved,
  });
}

function proven(
  run: RunRepository,
  taken: { ref: string; oid: Oid; tree: Oid },
  rest: Pick<SavedWork, "agentHead" | "commitsDropped" | "unsaved">,
): Outcome<SavedWork> {
  const proof = issueProof<SavedProof>({
    kind: "saved",
    beadId: run.beadId,
    runId: run.runId,
    ref: taken.ref,
    oid: taken.oid,
    tree: taken.tree,
  });
  return { ok: true, proof, base: run.base, ...rest };
}

/** A new private repository for each save: nothing that ran in an earlier one can prepare the next. */
async function freshGitDir(git: Git, run: RunRepository): Promise<Outcome<object>> {
  const removed = await removePart(run.root, run.dir, "run", "gitdir");
  if (!removed.ok) return removed;
  const init = await git.run({ args: ["init", "--quiet", "--bare", "--template=", run.gitDir] });
  if (!init.ok) return gitFailed(init, "preparing to save");
  const bare = await git.run({ gitDir: run.gitDir, args: ["config", "core.bare", "false"] });
  if (!bare.ok) return gitFailed(bare, "preparing to save");
  await ignoreCopied(run, run.gitDir);
  return await borrowObjects(git, run, run.gitDir);
}

/** The agent's HEAD, fetched into the private repository; null with a reason where it cannot be kept. */
async function agentHead(
  sandbox: SandboxedExec,
  run: RunRepository,
): Promise<Outcome<{ oid: Oid | null; dropped: CommitsDropped | null }>> {
  const doing = "reading the agent's commits";
  const fetched = await runSandboxedGit(sandbox, run, {
    args: [...fetchArguments, run.treeDir, `+HEAD:${headRef}`],
    config: tolerantFsck,
  });
  if (!hasAnswered(fetched)) return gitFailed(fetched, doing);
  if (!fetched.ok) return dropped("no_head", "The agent's repository has no readable HEAD.");
  const read = await runSandboxedGit(sandbox, run, {
    args: ["rev-parse", "--verify", "--quiet", `${headRef}^{commit}`],
  });
  if (!hasAnswered(read)) return gitFailed(read, doing);
  const oid = oidIn(read.text);
  if (!read.ok || oid === null) return dropped("no_head", "The agent's HEAD is not a commit.");
  const descends = await runSandboxedGit(sandbox, run, {
    args: ["merge-base", "--is-ancestor", run.base, oid],
  });
  if (!hasAnswered(descends)) return gitFailed(descends, doing);
  if (!descends.ok)
    return dropped("not_descending", "The agent's commits do not descend from the base.");
  const held = await holdsCopied(sandbox, run, oid);
  if (!held.ok) return held;
  return held.yes
    ? dropped("refused", "The agent's commits hold files that were copied into its tree.")
    : { ok: true, oid, dropped: null };
}

/** Files of the host stay on it: commits that hold one are not kept, whatever their last one says. */
async function holdsCopied(
  sandbox: SandboxedExec,
  run: RunRepository,
  oid: Oid,
): Promise<Outcome<{ yes: boolean }>> {
  if (run.copied.length === 0 || oid === run.base) return { ok: true, yes: false };
  const found = await runSandboxedGit(sandbox, run, {
    args: ["rev-list", "-1", "--full-history", `${run.base}..${oid}`, "--", ...run.copied],
    env: { GIT_LITERAL_PATHSPECS: "1" },
  });
  if (!found.ok) return gitFailed(found, "looking for copied files in the agent's commits");
  return { ok: true, yes: found.text.trim() !== "" };
}

function dropped(
  code: CommitsDropped["code"],
  message: string,
): { ok: true; oid: null; dropped: CommitsDropped } {
  return { ok: true, oid: null, dropped: { code, message } };
}

type Save = { readonly oid: Oid; readonly tree: Oid; readonly parents: readonly Oid[] };

/** What the run's ref holds; null before its first save. */
async function lastSave(git: Git, run: RunRepository): Promise<Outcome<{ save: Save | null }>> {
  const ref = wipRef(run.beadId, run.runId);
  const read = await git.run({
    gitDir: run.rig.storeDir,
    args: ["log", "-1", "--format=%H %T %P", "--end-of-options", ref, "--"],
  });
  const [oid = "", tree = "", ...parents] = read.text.trim().split(" ");
  if (!hasAnswered(read)) return gitFailed(read, "reading what was saved before");
  return { ok: true, save: read.ok && isOid(oid) ? { oid, tree, parents } : null };
}

async function commitOnto(
  sandbox: SandboxedExec,
  run: RunRepository,
  { parent, last }: { parent: Oid; last: Save | null },
  saving: Saving,
): Promise<Outcome<{ commit: Oid; isLast: boolean; unsaved: readonly Unsaved[] }>> {
  const snapshot = await snapshotTree(sandbox, run, parent, saving.limits ?? defaultSaveLimits);
  if (!snapshot.ok) return snapshot;
  const { unsaved } = snapshot;
  if (last?.tree === snapshot.tree && last.parents.length === 1 && last.parents[0] === parent)
    return { ok: true, commit: last.oid, isLast: true, unsaved };
  const before = await runSandboxedGit(sandbox, run, { args: ["rev-parse", `${parent}^{tree}`] });
  let commit: Oid | null = parent;
  if (oidIn(before.text) !== snapshot.tree) {
    const { author, committer } = run.attribution;
    const date = `@${Math.floor(saving.nowMs / 1000)} +0000`;
    const made = await runSandboxedGit(sandbox, run, {
      args: ["commit-tree", snapshot.tree, "-p", parent, "-F", "-"],
      stdin: commitMessage(run, saving.message ?? "Save work in progress"),
      env: {
        GIT_AUTHOR_NAME: author.name,
        GIT_AUTHOR_EMAIL: author.email,
        GIT_AUTHOR_DATE: date,
        GIT_COMMITTER_NAME: committer.name,
        GIT_COMMITTER_EMAIL: committer.email,
        GIT_COMMITTER_DATE: date,
      },
    });
    commit = oidIn(made.text);
    if (!made.ok || commit === null) return gitFailed(made, "committing the saved files");
  }
  const set = await runSandboxedGit(sandbox, run, { args: ["update-ref", saveRef, commit] });
  if (!set.ok) return gitFailed(set, "naming the saved commit");
  return { ok: true, commit, isLast: false, unsaved };
}

function commitMessage(run: RunRepository, message: string): string {
  const { committer } = run.attribution;
  const body = message.trim().replaceAll("\0", "");
  return `${body}\n\nBead: ${run.beadId}\nCo-authored-by: ${committer.name} <${committer.email}>\n`;
}

/** Fetches the commit into the store with every object checked, names it, and looks that it is there. */
async function takeIntoStore(
  git: Git,
  sandbox: SandboxedExec,
  run: RunRepository,
  commit: Oid,
): Promise<Outcome<{ ref: string; oid: Oid; tree: Oid }>> {
  const store = run.rig.storeDir;
  const incoming = `refs/gastown/incoming/${safeId(run.runId)}`;
  const fetched = await withSandboxedUploadPack(sandbox, run, (uploadPack) =>
    git.run({
      gitDir: store,
      args: [
        ...fetchArguments,
        `--upload-pack=${uploadPack}`,
        run.gitDir,
        `+${saveRef}:${incoming}`,
      ],
      config: tolerantFsck,
      timeoutMs: gitNetworkTimeoutMs,
    }),
  );
  if (!hasAnswered(fetched)) return gitFailed(fetched, "taking the saved work into the store");
  if (!fetched.ok)
    return notSaved(`the store refused it: ${fetched.result.stderr.trim().slice(0, 300)}`);
  const arrived = await readRef(git, store, incoming);
  if (!arrived.ok) return arrived;
  if (arrived.oid !== commit) return notSaved("what arrived is not what was made");
  const descends = await isAncestor(git, store, run.base, commit);
  if (!descends.ok) return descends;
  if (!descends.yes) return notSaved("the commit does not descend from the run's base");
  const ref = wipRef(run.beadId, run.runId);
  const named = await git.run({ gitDir: store, args: ["update-ref", "-m", "saved", ref, commit] });
  if (!named.ok) return gitFailed(named, "naming the saved work");
  const dropped = await git.run({ gitDir: store, args: ["update-ref", "-d", incoming, commit] });
  if (!dropped.ok) return gitFailed(dropped, "tidying the store");
  return await lookUp(git, run.rig, ref, commit, run.base);
}

function notSaved(why: string) {
  return failure(
    "not_saved",
    `The work could not be saved: ${why}.`,
    "The tree is kept; look at it on the runner.",
    { retryable: true },
  );
}

/** That the ref holds the commit and every object of it that its base does not have is present. */
async function lookUp(
  git: Git,
  rig: RigRepository,
  ref: string,
  oid: Oid,
  base: Oid,
): Promise<Outcome<{ ref: string; oid: Oid; tree: Oid }>> {
  const held = await readRef(git, rig.storeDir, ref);
  if (!held.ok) return held;
  if (held.oid !== oid) return notSaved(`${ref} does not hold ${oid}`);
  const whole = await git.run({
    gitDir: rig.storeDir,
    args: ["rev-list", "--objects", "--quiet", oid, `^${base}`],
  });
  const tree = await git.run({
    gitDir: rig.storeDir,
    args: ["rev-parse", "--verify", `${oid}^{tree}`],
  });
  for (const run of [whole, tree])
    if (!hasAnswered(run)) return gitFailed(run, "looking at the saved work");
  const treeOid = oidIn(tree.text);
  if (!whole.ok || treeOid === null) return notSaved(`objects of ${oid} are missing`);
  return { ok: true, ref, oid, tree: treeOid };
}

/** Checks a save that was recorded earlier and issues its proof anew. Error: `not_saved`. */
export async function verifySaved(
  git: Git,
  rig: RigRepository,
  saved: { readonly beadId: string; readonly runId: string; readonly oid: Oid; readonly base: Oid },
): Promise<Outcome<{ proof: SavedProof }>> {
  const found = await lookUp(git, rig, wipRef(saved.beadId, saved.runId), saved.oid, saved.base);
  if (!found.ok) return found;
  const { beadId, runId } = saved;
  return {
    ok: true,
    proof: issueProof<SavedProof>({
      kind: "saved",
      beadId,
      runId,
      ref: found.ref,
      oid: found.oid,
      tree: found.tree,
    }),
  };
}
