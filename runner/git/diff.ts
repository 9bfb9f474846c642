import { fitCommit, type CommitLine } from "../../protocol/entities/commit.ts";
import type { Git } from "./git.ts";
import { gitFailed } from "./git-errors.ts";
import type { Outcome } from "./outcome.ts";
import { fieldsOfZ, type Oid } from "./porcelain.ts";

export type FileStat = {
  readonly path: string;
  /** The earlier path of a renamed file. */
  readonly from: string | null;
  /** Null for a binary file. */
  readonly added: number | null;
  readonly removed: number | null;
};

export type DiffStat = {
  readonly files: readonly FileStat[];
  readonly filesTotal: number;
  readonly added: number;
  readonly removed: number;
};

// The store's own git on the store's objects: no attribute, filter or program of the work counts.
const plain = ["--no-ext-diff", "--no-textconv", "--no-color", "-M"] as const;

/** Lines added and removed per file between two commits, the first `filesMax` files and the totals of all. */
export async function diffStat(
  git: Git,
  gitDir: string,
  from: Oid,
  to: Oid,
  filesMax: number,
): Promise<Outcome<{ stat: DiffStat }>> {
  const run = await git.run({ gitDir, args: ["diff", ...plain, "--numstat", "-z", from, to] });
  if (!run.ok) return gitFailed(run, "comparing two commits");
  const fields = fieldsOfZ(run.text);
  const files: FileStat[] = [];
  for (let at = 0; at < fields.length; at++) {
    const [added = "", removed = "", path = ""] = (fields[at] ?? "").split("\t");
    const counts = { added: lines(added), removed: lines(removed) };
    // A rename has an empty path here and its two paths in the next two fields.
    if (path !== "") files.push({ path, from: null, ...counts });
    else files.push({ from: fields[++at] ?? "", path: fields[++at] ?? "", ...counts });
  }
  const sum = (key: "added" | "removed") =>
    files.reduce((total, file) => total + (file[key] ?? 0), 0);
  return {
    ok: true,
    stat: {
      files: files.slice(0, filesMax),
      filesTotal: files.length,
      added: sum("added"),
      removed: sum("removed"),
    },
  };
}

function lines(text: string): number | null {
  return text === "-" ? null : Number(text);
}

const NEWLINE = 10;

/** The unified diff between two commits, at most `bytesMax` bytes, cut at the end of a line. `paths` limits it. */
export async function unifiedDiff(
  git: Git,
  gitDir: string,
  from: Oid,
  to: Oid,
  limit: { readonly bytesMax: number; readonly paths?: readonly string[] },
): Promise<Outcome<{ text: string; cut: boolean }>> {
  const run = await git.run({
    gitDir,
    args: ["diff", ...plain, from, to, "--", ...(limit.paths ?? [])],
    env: { GIT_LITERAL_PATHSPECS: "1" },
    // Of an output that is too long the head half is kept whole, and the middle is dropped.
    outputBytesMax: 2 * limit.bytesMax,
  });
  const { exit, stdout } = run.result;
  if (!run.ok && !exit.outputExceeded) return gitFailed(run, "comparing two commits");
  if (stdout.byteLength <= limit.bytesMax) return { ok: true, text: run.text, cut: false };
  const head = stdout.subarray(0, limit.bytesMax);
  const text = new TextDecoder().decode(head.subarray(0, head.lastIndexOf(NEWLINE) + 1));
  return { ok: true, text, cut: true };
}

/** Commits of `to` that `from` does not have, newest first, at most `max`; their words cut to what the wire takes. */
export async function commitsBetween(
  git: Git,
  gitDir: string,
  from: Oid,
  to: Oid,
  max: number,
): Promise<Outcome<{ commits: CommitLine[] }>> {
  const run = await git.run({
    gitDir,
    args: [
      "log",
      "-z",
      `--max-count=${max}`,
      "--format=%H%x1f%ct%x1f%an%x1f%cn%x1f%s",
      `${from}..${to}`,
    ],
  });
  if (!run.ok) return gitFailed(run, "listing commits");
  const commits = fieldsOfZ(run.text).map((line) => {
    const [oid = "", seconds = "", author = "", committer = "", subject = ""] =
      line.split("\u001f");
    return fitCommit({ oid, subject, author, committer, at: Number(seconds) * 1000 });
  });
  return { ok: true, commits };
}

export type ChangedPath = {
  readonly path: string;
  /** It links another repository now. */
  readonly isLink: boolean;
};

/** Paths that differ between two commits, a renamed file as two. */
export async function changedPaths(
  git: Git,
  gitDir: string,
  from: Oid,
  to: Oid,
): Promise<Outcome<{ paths: ChangedPath[] }>> {
  const diff = await git.run({
    gitDir,
    args: ["diff-tree", "-r", "-z", "--no-renames", from, to],
  });
  if (!diff.ok) return gitFailed(diff, "comparing the work with its base");
  const fields = fieldsOfZ(diff.text);
  const paths: ChangedPath[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, newMode] = (fields[at] ?? "").split(" ");
    paths.push({ path: fields[at + 1] ?? "", isLink: newMode === "160000" });
  }
  return { ok: true, paths };
}

/** Bytes of the objects that `to` has and `from` does not. */
export async function newBytes(
  git: Git,
  gitDir: string,
  from: Oid,
  to: Oid,
): Promise<Outcome<{ bytes: number }>> {
  const listed = await git.run({
    gitDir,
    args: ["rev-list", "--objects", "--no-object-names", to, `^${from}`],
  });
  if (!listed.ok) return gitFailed(listed, "measuring the work");
  const sizes = await git.run({
    gitDir,
    args: ["cat-file", "--batch-check=%(objectsize)"],
    stdin: listed.result.stdout,
  });
  if (!sizes.ok) return gitFailed(sizes, "measuring the work");
  const bytes = sizes.text.split("\n").reduce((sum, line) => sum + Number(line), 0);
  return { ok: true, bytes };
}
