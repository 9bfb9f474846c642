import { lstat } from "node:fs/promises";
import { join } from "node:path";
import type { SandboxedExec } from "./exec.ts";
import { hasAnswered, type GitRun } from "./git.ts";
import { gitFailed } from "./git-errors.ts";
import { failure, type Outcome } from "./outcome.ts";
import { fieldsOfZ, type Oid, oidIn } from "./porcelain.ts";
import type { RunRepository } from "./run-repo.ts";
import { runSandboxedGit } from "./sandboxed-git.ts";

/** What a save takes at most. */
export type SaveLimits = {
  /** An untracked file above this stays out and is named. */
  readonly fileBytesMax: number;
  /** Untracked files above this together: nothing is saved, the tree stays. */
  readonly totalBytesMax: number;
};

export const defaultSaveLimits: SaveLimits = {
  fileBytesMax: 256 * 1024 * 1024,
  totalBytesMax: 2 * 1024 * 1024 * 1024,
};

export type Unsaved = {
  readonly path: string;
  readonly reason: "too_large" | "name_git_cannot_hold" | "unreadable_folder" | "unreadable_file";
};
export type Snapshot = { readonly tree: Oid; readonly unsaved: readonly Unsaved[] };

const nestedDepthMax = 20;
const unreadableMax = 50;
const lstatBatch = 256;

/**
 * Writes the files of the agent's tree as one git tree in the run's private repository: tracked ones
 * relative to `parent`, untracked ones (ignores honoured), what the agent added by force, and the
 * files of nested repositories as plain files. Paths are bytes (latin1 strings): names need not be UTF-8.
 */
export async function snapshotTree(
  sandbox: SandboxedExec,
  run: RunRepository,
  parent: Oid,
  limits: SaveLimits,
): Promise<Outcome<Snapshot>> {
  const indexFile = join(run.gitDir, "save.index");
  const git = (args: readonly string[], stdin?: Uint8Array): Promise<GitRun> =>
    runSandboxedGit(sandbox, run, { args, indexFile, ...(stdin === undefined ? {} : { stdin }) });
  const read = await git(["read-tree", parent]);
  if (!read.ok) return gitFailed(read, "reading the base of the saved work");
  const unlinked = await dropNewGitlinks(git, run);
  if (!unlinked.ok) return unlinked;
  const updated = await updateTracked(git);
  if (!updated.ok) return updated;
  const listed = await listUntracked(sandbox, run, indexFile);
  if (!listed.ok) return listed;
  const forced = await forcedPaths(git, sandbox, run);
  if (!forced.ok) return forced;
  const sorted = await withinLimits(run, [...new Set([...listed.paths, ...forced.paths])], limits);
  if (!sorted.ok) return sorted;
  const added = await addUntracked(git, sorted.paths);
  if (!added.ok) return added;
  const written = await git(["write-tree"]);
  const tree = oidIn(written.text);
  if (!written.ok || tree === null) return gitFailed(written, "writing the saved files");
  const unsaved = [...updated.unsaved, ...listed.unsaved, ...sorted.unsaved, ...added.unsaved];
  return { ok: true, tree, unsaved };
}

type RunGit = (args: readonly string[], stdin?: Uint8Array) => Promise<GitRun>;

/** Changed and deleted files that git knows. One that cannot be read, or is no file any more, keeps its old content and is named. */
async function updateTracked(git: RunGit): Promise<Outcome<{ unsaved: Unsaved[] }>> {
  // Unchanged files are recognised first, by content: adding them would write each anew, because the
  // mirror that has them cannot be touched here (5,000 files: 4 s instead of 0.1 s).
  const refreshed = await git(["update-index", "-q", "--really-refresh"]);
  if (refreshed.code === null || refreshed.code > 1) {
    return gitFailed(refreshed, "looking for changed files");
  }
  // Only known paths: nested repositories are never entered by git itself.
  const updated = await git(["add", "-u", "--ignore-errors", "--", "."]);
  if (updated.ok) return { ok: true, unsaved: [] };
  if (updated.code === null || updated.result.exit.timedOut)
    return gitFailed(updated, "saving changed files");
  const left = await git(["diff-files", "--name-only", "--ignore-submodules=all", "-z"]);
  const paths = fieldsOfZ(latin1(left));
  if (!left.ok || paths.length === 0) return gitFailed(updated, "saving changed files");
  return {
    ok: true,
    unsaved: paths.map((path) => ({ path: shown(path), reason: "unreadable_file" })),
  };
}

/** New files, all at once; one that cannot be read is named and left out. */
async function addUntracked(
  git: RunGit,
  paths: readonly string[],
): Promise<Outcome<{ unsaved: Unsaved[] }>> {
  const unsaved: Unsaved[] = [];
  let rest = [...paths];
  while (rest.length > 0) {
    const added = await git(["update-index", "--add", "--remove", "-z", "--stdin"], bytesOfZ(rest));
    if (added.ok) break;
    const bad = /Unable to process path (.*)/.exec(added.result.stderr)?.[1];
    const fewer = rest.filter((path) => shown(path) !== bad);
    if (bad === undefined || fewer.length === rest.length || unsaved.length >= unreadableMax) {
      return gitFailed(added, "saving new files");
    }
    unsaved.push({ path: bad, reason: "unreadable_file" });
    rest = fewer;
  }
  return { ok: true, unsaved };
}

/** A link to a nested repository that the base does not have would save none of its bytes. */
async function dropNewGitlinks(git: RunGit, run: RunRepository): Promise<Outcome<object>> {
  const now = await git(["ls-files", "-s", "-z"]);
  if (!now.ok) return gitFailed(now, "listing the saved files");
  const links = linksOf(latin1(now), /^160000 [0-9a-f]+ \d\t(.*)$/s);
  if (links.length === 0) return { ok: true };
  const before = await git(["ls-tree", "-r", "-z", run.base]);
  if (!before.ok) return gitFailed(before, "listing the base");
  const known = new Set(linksOf(latin1(before), /^160000 commit [0-9a-f]+\t(.*)$/s));
  const added = links.filter((path) => !known.has(path));
  if (added.length === 0) return { ok: true };
  const removed = await git(["update-index", "--force-remove", "-z", "--stdin"], bytesOfZ(added));
  return removed.ok ? { ok: true } : gitFailed(removed, "unlinking nested repositories");
}

function linksOf(text: string, pattern: RegExp): string[] {
  return fieldsOfZ(text).flatMap((line) => pattern.exec(line)?.[1] ?? []);
}

/** Untracked paths, nested repositories entered one by one as plain folders. */
async function listUntracked(
  sandbox: SandboxedExec,
  run: RunRepository,
  indexFile: string,
): Promise<Outcome<{ paths: string[]; unsaved: Unsaved[] }>> {
  const paths: string[] = [];
  const unsaved: Unsaved[] = [];
  const folders = [{ prefix: "", depth: 0 }];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const { prefix, depth } = folder;
    if (depth > nestedDepthMax || !isUtf8(prefix)) {
      unsaved.push({ path: prefix, reason: "unreadable_folder" });
      continue;
    }
    const list = await runSandboxedGit(sandbox, run, {
      args: ["ls-files", "--others", "--exclude-standard", "-z"],
      // Inside a nested repository nothing is tracked by us: an index that does not exist.
      indexFile: depth === 0 ? indexFile : join(run.gitDir, "none.index"),
      workTree: join(run.treeDir, Buffer.from(prefix, "latin1").toString("utf8")),
    });
    if (!list.ok) return gitFailed(list, "listing new files");
    for (const name of fieldsOfZ(latin1(list))) {
      if (name.endsWith("/")) folders.push({ prefix: prefix + name, depth: depth + 1 });
      else paths.push(prefix + name);
    }
  }
  return { ok: true, paths, unsaved };
}

/** Paths of the agent's own index that ours lacks: files it added although they are ignored. */
async function forcedPaths(
  git: RunGit,
  sandbox: SandboxedExec,
  run: RunRepository,
): Promise<Outcome<{ paths: string[] }>> {
  const theirs = await runSandboxedGit(sandbox, run, {
    args: ["ls-files", "--cached", "-z"],
    env: { GIT_DIR: join(run.treeDir, ".git") },
  });
  if (!hasAnswered(theirs)) return gitFailed(theirs, "listing what the agent added");
  // An agent may have broken its own repository: then what lies in the tree is all there is.
  if (!theirs.ok) return { ok: true, paths: [] };
  const ours = await git(["ls-files", "--cached", "-z"]);
  if (!ours.ok) return gitFailed(ours, "listing the saved files");
  const known = new Set(fieldsOfZ(latin1(ours)));
  const copied = new Set(run.copied.map((path) => Buffer.from(path).toString("latin1")));
  const paths: string[] = [];
  for (const path of fieldsOfZ(latin1(theirs))) {
    if (!known.has(path) && !copied.has(path) && (await isPlainPath(run, path))) paths.push(path);
  }
  return { ok: true, paths };
}

/** A file or link whose folders are real folders of the tree. */
async function isPlainPath(run: RunRepository, path: string): Promise<boolean> {
  const parts = path.split("/");
  for (let n = 1; n <= parts.length; n++) {
    const stat = await lstatOf(run, parts.slice(0, n).join("/"));
    if (stat === null) return false;
    if (n < parts.length && !stat.isDirectory()) return false;
    if (n === parts.length && !stat.isFile() && !stat.isSymbolicLink()) return false;
  }
  return true;
}

async function withinLimits(
  run: RunRepository,
  paths: readonly string[],
  limits: SaveLimits,
): Promise<Outcome<{ paths: string[]; unsaved: Unsaved[] }>> {
  const kept: string[] = [];
  const unsaved: Unsaved[] = [];
  let totalBytes = 0;
  for (let at = 0; at < paths.length; at += lstatBatch) {
    const batch = paths.slice(at, at + lstatBatch);
    const stats = await Promise.all(batch.map((path) => lstatOf(run, path)));
    for (const [n, path] of batch.entries()) {
      const sizeBytes = stats[n]?.isFile() === true ? stats[n].size : 0;
      if (isReservedName(path)) unsaved.push({ path: shown(path), reason: "name_git_cannot_hold" });
      else if (sizeBytes > limits.fileBytesMax)
        unsaved.push({ path: shown(path), reason: "too_large" });
      else {
        kept.push(path);
        totalBytes += sizeBytes;
      }
    }
  }
  if (totalBytes > limits.totalBytesMax) {
    return failure(
      "too_large",
      `The new files are ${totalBytes} bytes together; at most ${limits.totalBytesMax} are saved.`,
      "Ignore or remove build output; the tree is kept as it is.",
    );
  }
  return { ok: true, paths: kept, unsaved };
}

// Only size and kind are read, and links are not followed.
async function lstatOf(run: RunRepository, path: string) {
  const full = Buffer.concat([Buffer.from(`${run.treeDir}/`), Buffer.from(path, "latin1")]);
  return await lstat(full).catch(() => null);
}

/** Names that git refuses in a tree, because some file systems read them as `.git`. */
function isReservedName(path: string): boolean {
  return path
    .split("/")
    .some(
      (part) =>
        /^(?:\.git|git~1)[ .]*(?::.*)?$/i.test(part) ||
        (/\\/.test(part) && /(^|\\)(\.git|git~1)(\\|$)/i.test(part)),
    );
}

function latin1(run: GitRun): string {
  return Buffer.from(run.result.stdout).toString("latin1");
}

function bytesOfZ(paths: readonly string[]): Uint8Array {
  return Buffer.from(paths.map((path) => `${path}\0`).join(""), "latin1");
}

function isUtf8(path: string): boolean {
  const bytes = Buffer.from(path, "latin1");
  return Buffer.from(bytes.toString("utf8")).equals(bytes);
}

function shown(path: string): string {
  return Buffer.from(path, "latin1").toString("utf8");
}
