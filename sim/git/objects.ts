/** Commits and trees by their content, for every repository of a simulation. */
import { createHash } from "node:crypto";
import type { Person } from "../../runner/git/commit.ts";
import type { Oid } from "../../runner/git/porcelain.ts";

/** Paths with their content. */
export type Files = ReadonlyMap<string, string>;

export interface SimCommit {
  readonly oid: Oid;
  readonly tree: Oid;
  readonly parents: readonly Oid[];
  readonly message: string;
  readonly author: Person;
  readonly committer: Person;
  readonly atMs: number;
  /** Rises from parents to children, whatever the clocks said. */
  readonly depth: number;
}

export class SimObjects {
  readonly #trees = new Map<Oid, Files>();
  readonly #commits = new Map<Oid, SimCommit>();
  readonly #ancestors = new Map<Oid, ReadonlySet<Oid>>();
  /** Rises whenever a ref of any repository with these objects is written. */
  refWrites = 0;

  putTree(files: Files): Oid {
    const entries = [...files].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const oid = sha1(["tree", entries]);
    if (!this.#trees.has(oid)) this.#trees.set(oid, new Map(entries));
    return oid;
  }

  /** The files of a tree or of a commit's tree; undefined for an unknown oid. */
  files(oid: Oid): Files | undefined {
    return this.#trees.get(this.#commits.get(oid)?.tree ?? oid);
  }

  putCommit(given: Omit<SimCommit, "oid" | "depth">): Oid {
    // As git keeps it: to the second.
    const atMs = Math.floor(given.atMs / 1000) * 1000;
    const { tree, parents, message, author, committer } = given;
    const oid = sha1(["commit", tree, parents, message, author, committer, atMs]);
    const depth = 1 + Math.max(0, ...parents.map((parent) => this.commit(parent)?.depth ?? 0));
    this.#commits.set(oid, { oid, tree, parents, message, author, committer, atMs, depth });
    return oid;
  }

  commit(oid: Oid): SimCommit | undefined {
    return this.#commits.get(oid);
  }

  /** A commit and all its ancestors. */
  reach(oid: Oid): ReadonlySet<Oid> {
    const known = this.#ancestors.get(oid);
    if (known !== undefined) return known;
    const seen = new Set<Oid>();
    const open = [oid];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      open.push(...(this.#commits.get(at)?.parents ?? []));
    }
    this.#ancestors.set(oid, seen);
    return seen;
  }

  isAncestor(ancestor: Oid, descendant: Oid): boolean {
    return this.reach(descendant).has(ancestor);
  }

  /** The deepest common ancestor; null where there is none. */
  mergeBase(one: Oid, other: Oid): Oid | null {
    const theirs = this.reach(other);
    const common = [...this.reach(one)].filter((oid) => theirs.has(oid));
    return this.newestFirst(common)[0] ?? null;
  }

  newestFirst(oids: readonly Oid[]): Oid[] {
    const depth = (oid: Oid) => this.#commits.get(oid)?.depth ?? 0;
    return oids.toSorted((a, b) => depth(b) - depth(a) || (a < b ? -1 : 1));
  }
}

function sha1(value: unknown): Oid {
  return createHash("sha1").update(JSON.stringify(value)).digest("hex");
}

/** What one side did to the files since their common base. */
export interface FileMerge {
  readonly files: Files;
  /** Paths that both sides changed, differently. */
  readonly conflicts: readonly string[];
}

/** A merge by whole files: coarser than git's, which also joins changes of different lines. */
export function mergeFiles(base: Files, ours: Files, theirs: Files): FileMerge {
  const files = new Map<string, string>();
  const conflicts: string[] = [];
  for (const path of new Set([...base.keys(), ...ours.keys(), ...theirs.keys()])) {
    const [was, mine, other] = [base.get(path), ours.get(path), theirs.get(path)];
    const kept = mine === was ? other : mine;
    if (mine === was || other === was || mine === other) {
      if (kept !== undefined) files.set(path, kept);
      continue;
    }
    conflicts.push(path);
    files.set(path, `<<<<<<< ours\n${mine ?? ""}=======\n${other ?? ""}>>>>>>> theirs\n`);
  }
  return { files, conflicts };
}
