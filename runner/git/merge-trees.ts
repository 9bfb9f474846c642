import type { Git } from "./git.ts";
import { gitFailed } from "./git-errors.ts";
import type { Outcome } from "./outcome.ts";
import { fieldsOfZ, isOid, type Oid } from "./porcelain.ts";

/** `tree` of a conflict holds the files with their conflict marks. */
export type Merged =
  | { readonly kind: "merged"; readonly tree: Oid }
  | { readonly kind: "conflict"; readonly tree: Oid; readonly files: readonly string[] };

/** Merges two commits in memory; no tree on disk is touched. */
export async function mergeTrees(
  git: Git,
  gitDir: string,
  ours: Oid,
  theirs: Oid,
): Promise<Outcome<{ merged: Merged }>> {
  const run = await git.run({
    gitDir,
    args: ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs],
  });
  const [tree = "", ...files] = fieldsOfZ(run.text);
  if (!isOid(tree)) return gitFailed(run, "merging");
  if (run.ok) return { ok: true, merged: { kind: "merged", tree } };
  if (run.code !== 1) return gitFailed(run, "merging");
  return { ok: true, merged: { kind: "conflict", tree, files: [...new Set(files)] } };
}

export type MergeCommit = {
  readonly oid: Oid;
  readonly parents: readonly Oid[];
  readonly beads: readonly string[];
  /** It brought the landings on a convoy's branch along: they are in the first-parent history of its second parent. */
  readonly carries: boolean;
};

export type MergeRange = {
  readonly from: Oid | null;
  readonly to: Oid;
  readonly firstParent: boolean;
};

/** Merge commits of `from..to`, newest first, with what their trailers say. */
export async function mergesBetween(
  git: Git,
  gitDir: string,
  range: MergeRange,
): Promise<Outcome<{ merges: MergeCommit[] }>> {
  const format =
    "--format=%H%x1f%P%x1f%(trailers:key=Bead,valueonly,separator=%x1e)%x1f%(trailers:key=Carries,valueonly)";
  const args = range.firstParent ? ["--first-parent"] : [];
  const run = await git.run({
    gitDir,
    args: [
      "log",
      "--merges",
      "-z",
      format,
      ...args,
      range.from === null ? range.to : `${range.from}..${range.to}`,
    ],
  });
  if (!run.ok) return gitFailed(run, "looking for an earlier landing");
  const merges = fieldsOfZ(run.text).map((line) => {
    const [oid = "", parents = "", beads = "", carries = ""] = line.split("\u001f");
    return {
      oid,
      parents: parents.split(" "),
      beads: beads.split("\u001e").map((bead) => bead.trim()),
      carries: carries.trim() !== "",
    };
  });
  return { ok: true, merges };
}
