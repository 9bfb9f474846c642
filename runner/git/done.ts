import { join } from "node:path";
import { gitFailed } from "./git-errors.ts";
import type { Git } from "./git.ts";
import { failure, type Outcome } from "./outcome.ts";
import { fieldsOfZ, type Oid, oidIn } from "./porcelain.ts";
import type { SavedProof } from "./proof.ts";
import type { RunRepository } from "./run-repo.ts";
import { runSandboxedGit } from "./sandboxed-git.ts";
import { saveWork, type Saving } from "./saved-work.ts";

/**
 * Paths that an agent's work may not change unless the rig says otherwise: those by which a repository
 * tells git to fetch from or to treat files in ways its people did not choose.
 */
export const defaultReservedPaths: readonly string[] = [
  "**/.gitmodules",
  "**/.gitattributes",
  "**/.gitconfig",
  ".gastown/**",
];
/** Bytes of new objects in one bead's work. */
export const doneBytesMax = 64 * 1024 * 1024;

export type DoneWish = {
  /** What the agent says it did: the message of the commit of what is left. */
  readonly summary: string;
  /** Why there is nothing to change; without it an empty diff is refused. */
  readonly noChangesReason?: string;
  /** Globs; see `defaultReservedPaths`. */
  readonly reservedPaths?: readonly string[];
  /** Bytes of new objects; see `doneBytesMax`. */
  readonly bytesMax?: number;
};

export type Done = {
  readonly head: Oid;
  readonly base: Oid;
  readonly tree: Oid;
  /** Set where the head has the files of the base: nothing to land. */
  readonly noChangesReason: string | null;
  readonly proof: SavedProof;
};

/**
 * Checks an agent's "done": saves what is left, then asks the store, not the agent. The work is saved
 * even where it is refused. Errors (their `next` is meant for the agent): wrong_branch,
 * base_not_contained, empty_diff, reserved_path, nested_link, too_large, and those of a save.
 */
export async function verifyDone(
  run: RunRepository,
  saving: Omit<Saving, "message">,
  wish: DoneWish,
): Promise<Outcome<{ done: Done }>> {
  const saved = await saveWork(run, { ...saving, message: wish.summary });
  if (!saved.ok) return saved;
  const branch = await onItsBranch(run, saving);
  if (!branch.ok) return branch;
  if (saved.commitsDropped?.code === "not_descending") {
    return failure(
      "base_not_contained",
      "Your branch no longer contains the commit it began from.",
      `Run: git reset --soft ${run.base} && git commit, then say done again.`,
    );
  }
  const tooLarge = saved.unsaved
    .filter(({ reason }) => reason === "too_large")
    .map(({ path }) => path);
  if (tooLarge.length > 0) {
    return failure(
      "too_large",
      "Some new files are too large to be kept.",
      "Remove them or add them to .gitignore, then say done again.",
      { paths: tooLarge },
    );
  }
  const { git } = saving;
  const { proof } = saved;
  const done: Done = {
    head: proof.oid,
    base: run.base,
    tree: proof.tree,
    noChangesReason: null,
    proof,
  };
  const before = await git.run({
    gitDir: run.rig.storeDir,
    args: ["rev-parse", "--verify", `${run.base}^{tree}`],
  });
  if (!before.ok) return gitFailed(before, "reading the base");
  if (oidIn(before.text) === proof.tree) return emptyDiff(done, wish);
  const paths = await allowedPaths(git, run, proof.oid, wish.reservedPaths ?? defaultReservedPaths);
  if (!paths.ok) return paths;
  const size = await withinSize(git, run, proof.oid, wish.bytesMax ?? doneBytesMax);
  return size.ok ? { ok: true, done } : size;
}

function emptyDiff(done: Done, wish: DoneWish): Outcome<{ done: Done }> {
  const reason = wish.noChangesReason?.trim() ?? "";
  if (reason !== "") return { ok: true, done: { ...done, noChangesReason: reason } };
  return failure(
    "empty_diff",
    "Your tree has the same files as the base: nothing was changed.",
    "Make the change, or say done again with no_changes_reason.",
  );
}

/** An agent that works beside its branch would hand over something else than it thinks. */
async function onItsBranch(
  run: RunRepository,
  saving: Omit<Saving, "message">,
): Promise<Outcome<object>> {
  const head = await runSandboxedGit(saving.sandbox, run, {
    args: ["symbolic-ref", "-q", "HEAD"],
    env: { GIT_DIR: join(run.treeDir, ".git") },
  });
  // No readable HEAD: the files still count, on the base.
  if (!head.ok && head.code !== 1) return { ok: true };
  const branch = head.text.trim();
  if (branch === `refs/heads/${run.branch}`) return { ok: true };
  const where = branch === "" ? "no branch" : branch.replace(/^refs\/heads\//, "");
  return failure(
    "wrong_branch",
    `Your tree is on ${where.slice(0, 200)}, not on ${run.branch}.`,
    `Run: git checkout -B ${run.branch}, then say done again.`,
  );
}

async function allowedPaths(
  git: Git,
  run: RunRepository,
  head: Oid,
  reserved: readonly string[],
): Promise<Outcome<object>> {
  const diff = await git.run({
    gitDir: run.rig.storeDir,
    args: ["diff-tree", "-r", "-z", "--no-renames", run.base, head],
  });
  if (!diff.ok) return gitFailed(diff, "comparing the work with its base");
  const globs = reserved.map((pattern) => new Bun.Glob(pattern));
  const fields = fieldsOfZ(diff.text);
  const refused: string[] = [];
  const links: string[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, newMode] = (fields[at] ?? "").split(" ");
    const path = fields[at + 1] ?? "";
    if (globs.some((glob) => glob.match(path))) refused.push(path);
    if (newMode === "160000") links.push(path);
  }
  if (links.length > 0) {
    return failure(
      "nested_link",
      "The work links other repositories.",
      "Keep their files as plain files, then say done again.",
      { paths: links },
    );
  }
  if (refused.length > 0) {
    return failure(
      "reserved_path",
      "The work changes paths that are reserved.",
      `Undo these with: git checkout ${run.base} -- PATH (or git rm), then say done again.`,
      { paths: refused },
    );
  }
  return { ok: true };
}

async function withinSize(
  git: Git,
  run: RunRepository,
  head: Oid,
  bytesMax: number,
): Promise<Outcome<object>> {
  const gitDir = run.rig.storeDir;
  const listed = await git.run({
    gitDir,
    args: ["rev-list", "--objects", "--no-object-names", head, `^${run.base}`],
  });
  if (!listed.ok) return gitFailed(listed, "measuring the work");
  const sizes = await git.run({
    gitDir,
    args: ["cat-file", "--batch-check=%(objectsize)"],
    stdin: listed.result.stdout,
  });
  if (!sizes.ok) return gitFailed(sizes, "measuring the work");
  const totalBytes = sizes.text.split("\n").reduce((sum, line) => sum + Number(line), 0);
  if (totalBytes <= bytesMax) return { ok: true };
  return failure(
    "too_large",
    `The work is ${totalBytes} bytes; at most ${bytesMax} may land.`,
    "Remove generated or large files from your commits, then say done again.",
  );
}
