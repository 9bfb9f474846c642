import { failure, type Outcome } from "../git/outcome.ts";
import type { Oid } from "../git/porcelain.ts";
import type { SavedProof } from "../git/proof.ts";
import type { RunRepository } from "../git/run-repo.ts";
import type { History } from "./history.ts";
import type { RunTrees, Works } from "./works.ts";

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
  { history, trees }: Pick<Works, "history" | "trees">,
  run: RunRepository,
  wish: DoneWish & { readonly nowMs: number },
): Promise<Outcome<{ done: Done }>> {
  const saved = await trees.save(run, { nowMs: wish.nowMs, message: wish.summary });
  if (!saved.ok) return saved;
  const branch = await onItsBranch(trees, run);
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
  const { proof } = saved;
  const done: Done = {
    head: proof.oid,
    base: run.base,
    tree: proof.tree,
    noChangesReason: null,
    proof,
  };
  const before = await history.readCommit(run.rig, run.base);
  if (!before.ok) return before;
  if (before.commit.tree === proof.tree) return emptyDiff(done, wish);
  const allowed = await allowedCommits(history, run, proof.oid, wish);
  return allowed.ok ? { ok: true, done } : allowed;
}

type Compared = Pick<RunRepository, "rig" | "base">;

/** The same of commits that nobody's tree holds. Errors: empty_diff, reserved_path, nested_link, too_large. */
export async function verifyCommits(
  history: History,
  compared: Compared,
  head: Oid,
): Promise<Outcome<object>> {
  const [before, after] = [
    await history.readCommit(compared.rig, compared.base),
    await history.readCommit(compared.rig, head),
  ];
  if (!before.ok) return before;
  if (!after.ok) return after;
  if (before.commit.tree === after.commit.tree)
    return failure("empty_diff", "It changes nothing.", "Make the change, or close the bead.");
  return await allowedCommits(history, compared, head, {});
}

async function allowedCommits(
  history: History,
  compared: Compared,
  head: Oid,
  wish: Pick<DoneWish, "reservedPaths" | "bytesMax">,
): Promise<Outcome<object>> {
  const reserved = wish.reservedPaths ?? defaultReservedPaths;
  const paths = await allowedPaths(history, compared, head, reserved);
  if (!paths.ok) return paths;
  return await withinSize(history, compared, head, wish.bytesMax ?? doneBytesMax);
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
async function onItsBranch(trees: RunTrees, run: RunRepository): Promise<Outcome<object>> {
  const head = await trees.branch(run);
  // No readable HEAD: the files still count, on the base.
  if (!head.readable || head.branch === run.branch) return { ok: true };
  const where = head.branch ?? "no branch";
  return failure(
    "wrong_branch",
    `Your tree is on ${where.slice(0, 200)}, not on ${run.branch}.`,
    `Run: git checkout -B ${run.branch}, then say done again.`,
  );
}

async function allowedPaths(
  history: History,
  run: Compared,
  head: Oid,
  reserved: readonly string[],
): Promise<Outcome<object>> {
  const changed = await history.changedPaths(run.rig, run.base, head);
  if (!changed.ok) return changed;
  const globs = reserved.map((pattern) => new Bun.Glob(pattern));
  const links = changed.paths.filter(({ isLink }) => isLink).map(({ path }) => path);
  if (links.length > 0) {
    return failure(
      "nested_link",
      "The work links other repositories.",
      "Keep their files as plain files, then say done again.",
      { paths: links },
    );
  }
  const paths = changed.paths.map(({ path }) => path);
  const refused = paths.filter((path) => globs.some((glob) => glob.match(path)));
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
  history: History,
  run: Compared,
  head: Oid,
  bytesMax: number,
): Promise<Outcome<object>> {
  const measured = await history.newBytes(run.rig, run.base, head);
  if (!measured.ok) return measured;
  if (measured.bytes <= bytesMax) return { ok: true };
  return failure(
    "too_large",
    `The work is ${measured.bytes} bytes; at most ${bytesMax} may land.`,
    "Remove generated or large files from your commits, then say done again.",
  );
}
