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
    outputBytesMax: limit.bytesMax,
  });
  const cut = run.result.exit.outputExceeded;
  if (!run.ok && !cut) return gitFailed(run, "comparing two commits");
  return {
    ok: true,
    text: cut ? run.text.slice(0, run.text.lastIndexOf("\n") + 1) : run.text,
    cut,
  };
}

export type CommitLine = {
  readonly oid: Oid;
  readonly subject: string;
  readonly author: string;
  readonly committer: string;
  readonly atMs: number;
};

/** Commits of `to` that `from` does not have, newest first, at most `max`. */
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
    return { oid, subject, author, committer, atMs: Number(seconds) * 1000 };
  });
  return { ok: true, commits };
}
