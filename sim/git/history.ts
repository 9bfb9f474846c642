/** The history of stores in memory. */
import type { CommitLine } from "../../protocol/entities/commit.ts";
import type { FileStat } from "../../runner/git/diff.ts";
import type { RigRepository } from "../../runner/git/mirror.ts";
import { failure, type Failure } from "../../runner/git/outcome.ts";
import type { Oid } from "../../runner/git/porcelain.ts";
import type { History } from "../../runner/works/history.ts";
import type { SimHostFiles } from "./host-files.ts";
import { mergeFiles, type Files, type SimCommit, type SimObjects } from "./objects.ts";

const soon = <T>(value: T): Promise<T> => Promise.resolve(value);

export function simHistory(host: SimHostFiles): History {
  const { objects } = host.forge;
  const has: Has = (rig, ...oids) => oids.every((oid) => host.store(rig.storeDir).has(oid));
  return {
    readRef: (rig, ref) => {
      const store = host.store(rig.storeDir);
      const oid = store.refs.get(ref) ?? (store.has(ref) ? ref : null);
      return soon({ ok: true, oid });
    },
    hasCommit: (rig, oid) => soon({ ok: true, yes: has(rig, oid) }),
    isAncestor: (rig, ancestor, descendant) => {
      if (!has(rig, ancestor, descendant)) return soon(unknown(ancestor, descendant));
      return soon({ ok: true, yes: objects.isAncestor(ancestor, descendant) });
    },
    mergeBase: (rig, one, other) => {
      const oid = has(rig, one, other) ? objects.mergeBase(one, other) : null;
      if (oid !== null) return soon({ ok: true, oid });
      return soon(failure("unknown_base", "They have no common history.", "Begin anew."));
    },
    readCommit: (rig, oid) => {
      const commit = objects.commit(oid);
      if (commit === undefined || !has(rig, oid)) return soon(unknown(oid));
      const { tree, parents, committer, message } = commit;
      return soon({ ok: true, commit: { tree, parents, committer, message } });
    },
    mergeTrees: (rig, ours, theirs) => {
      if (!has(rig, ours, theirs)) return soon(unknown(ours, theirs));
      return soon({ ok: true, merged: mergeCommits(objects, ours, theirs) });
    },
    commit: (rig, { tree, ...commit }) => {
      if (!commit.parents.every((parent) => has(rig, parent)))
        return soon(unknown(...commit.parents));
      const oid = objects.putCommit({ ...commit, tree: tree ?? objects.putTree(new Map()) });
      host.store(rig.storeDir).take(oid);
      return soon({ ok: true, oid });
    },
    merges: (rig, { from, to, firstParent }) => {
      const ends = from === null ? [to] : [from, to];
      if (!has(rig, ...ends)) return soon(unknown(...ends));
      const merges = mergesBetween(objects, from, to, firstParent);
      return soon({ ok: true, merges });
    },
    ...comparisons(objects, has),
  };
}

type Has = (rig: RigRepository, ...oids: Oid[]) => boolean;

function comparisons(
  objects: SimObjects,
  has: Has,
): Pick<History, "diffStat" | "commits" | "unifiedDiff" | "changedPaths" | "newBytes"> {
  return {
    diffStat: (rig, from, to, filesMax) => {
      const changed = changes(objects, from, to);
      if (!has(rig, from, to) || changed === null) return soon(unknown(from, to));
      const files = changed.map(statOf);
      const sum = (key: "added" | "removed") =>
        files.reduce((all, file) => all + (file[key] ?? 0), 0);
      const totals = { filesTotal: files.length, added: sum("added"), removed: sum("removed") };
      return soon({ ok: true, stat: { files: files.slice(0, filesMax), ...totals } });
    },
    commits: (rig, from, to, max) => {
      if (!has(rig, from, to)) return soon(unknown(from, to));
      return soon({ ok: true, commits: since(objects, from, to).slice(0, max).map(told) });
    },
    unifiedDiff: (rig, from, to, { bytesMax }) => {
      const changed = changes(objects, from, to);
      if (!has(rig, from, to) || changed === null) return soon(unknown(from, to));
      const whole = changed.map(shown).join("");
      const cut = whole.length > bytesMax;
      const text = cut ? whole.slice(0, whole.lastIndexOf("\n", bytesMax - 1) + 1) : whole;
      return soon({ ok: true, text, cut });
    },
    changedPaths: (rig, from, to) => {
      const changed = changes(objects, from, to);
      if (!has(rig, from, to) || changed === null) return soon(unknown(from, to));
      return soon({ ok: true, paths: changed.map(({ path }) => ({ path, isLink: false })) });
    },
    newBytes: (rig, from, to) => {
      const changed = changes(objects, from, to);
      if (!has(rig, from, to) || changed === null) return soon(unknown(from, to));
      const bytes = changed.reduce((sum, { now }) => sum + (now?.length ?? 0), 0);
      return soon({ ok: true, bytes });
    },
  };
}

function unknown(...oids: Oid[]): Failure {
  const message = `The store lacks one of ${oids.join(", ")}.`;
  return failure("git_failed", message, "Fetch the rig.", { retryable: true });
}

function mergeCommits(objects: SimObjects, ours: Oid, theirs: Oid) {
  const base = objects.mergeBase(ours, theirs);
  const empty: Files = new Map();
  const filesOf = (oid: Oid | null) => (oid === null ? empty : (objects.files(oid) ?? empty));
  const { files, conflicts } = mergeFiles(filesOf(base), filesOf(ours), filesOf(theirs));
  const tree = objects.putTree(files);
  return conflicts.length === 0
    ? { kind: "merged" as const, tree }
    : { kind: "conflict" as const, tree, files: conflicts };
}

/** Commits of `to` that `from` does not have, newest first; with `path`, of these alone. */
function since(
  objects: SimObjects,
  from: Oid | null,
  to: Oid,
  path: Iterable<Oid> = objects.reach(to),
): SimCommit[] {
  const before = from === null ? new Set<Oid>() : objects.reach(from);
  return objects
    .newestFirst([...path].filter((oid) => !before.has(oid)))
    .flatMap((oid) => objects.commit(oid) ?? []);
}

function told({ oid, message, author, committer, atMs: at }: SimCommit): CommitLine {
  const [subject = ""] = message.split("\n", 1);
  return { oid, subject, author: author.name, committer: committer.name, at };
}

function mergesBetween(objects: SimObjects, from: Oid | null, to: Oid, firstParent: boolean) {
  const path = firstParent ? firstParents(objects, to) : objects.reach(to);
  const merges = since(objects, from, to, path).filter(({ parents }) => parents.length > 1);
  return merges.map(({ oid, parents, message }) => ({
    oid,
    parents,
    beads: beadsIn(message),
    carries: trailersIn(message, "Carries").length > 0,
  }));
}

function firstParents(objects: SimObjects, to: Oid): Oid[] {
  const path: Oid[] = [];
  let at: SimCommit | undefined = objects.commit(to);
  while (at !== undefined) {
    path.push(at.oid);
    const [first] = at.parents;
    at = first === undefined ? undefined : objects.commit(first);
  }
  return path;
}

/** Values of the `Bead` trailers. */
export function beadsIn(message: string): string[] {
  return trailersIn(message, "Bead");
}

/** Lines of the last paragraph. */
function trailersIn(message: string, key: string): string[] {
  const last = message.trimEnd().split("\n\n").at(-1) ?? "";
  const mark = `${key}: `;
  return last.split("\n").flatMap((line) => (line.startsWith(mark) ? line.slice(mark.length) : []));
}

interface Change {
  path: string;
  was: string | undefined;
  now: string | undefined;
}

function changes(objects: SimObjects, from: Oid, to: Oid): Change[] | null {
  const [before, after] = [objects.files(from), objects.files(to)];
  if (before === undefined || after === undefined) return null;
  const paths = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return paths
    .map((path) => ({ path, was: before.get(path), now: after.get(path) }))
    .filter(({ was, now }) => was !== now);
}

/** Lines that one side has and the other does not, by value and not by place. */
function statOf({ path, was = "", now = "" }: Change): FileStat {
  const [old, fresh] = [linesOf(was), linesOf(now)];
  const missing = (from: string[], other: string[]) => {
    const left = [...other];
    return from.filter((line) => {
      const at = left.indexOf(line);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    }).length;
  };
  return { path, from: null, added: missing(fresh, old), removed: missing(old, fresh) };
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

function shown({ path, was = "", now = "" }: Change): string {
  const lines = [
    ...linesOf(was).map((line) => `-${line}`),
    ...linesOf(now).map((line) => `+${line}`),
  ];
  return `diff --git a/${path} b/${path}\n--- a/${path}\n+++ b/${path}\n${lines.join("\n")}\n`;
}
