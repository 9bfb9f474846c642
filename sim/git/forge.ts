/** The remotes of a simulation, with strangers who push to them and a network that fails. */
import type { Oid, PushedRef } from "../../runner/git/porcelain.ts";
import type { RefUpdate } from "../../runner/git/push.ts";
import { SimObjects, type Files } from "./objects.ts";

class CountedRefs extends Map<string, Oid> {
  readonly #objects: SimObjects;

  constructor(objects: SimObjects) {
    super();
    this.#objects = objects;
  }

  override set(ref: string, oid: Oid): this {
    this.#objects.refWrites += 1;
    return super.set(ref, oid);
  }

  override delete(ref: string): boolean {
    this.#objects.refWrites += 1;
    return super.delete(ref);
  }
}

/** Refs with the commits that are there. */
export class SimRepository {
  readonly refs: Map<string, Oid>;
  readonly #has = new Set<Oid>();
  readonly #objects: SimObjects;

  constructor(objects: SimObjects) {
    this.#objects = objects;
    this.refs = new CountedRefs(objects);
  }

  has(oid: Oid): boolean {
    return this.#has.has(oid);
  }

  /** Takes a commit with its whole history. */
  take(oid: Oid): void {
    if (this.#has.has(oid)) return;
    for (const each of this.#objects.reach(oid)) this.#has.add(each);
  }

  /** All updates or none, each only where the ref has its expected value. */
  update(updates: readonly RefUpdate[], denies: (ref: string) => boolean): PushedRef[] {
    const judged = updates.map((update) => ({ update, why: this.#refusal(update, denies) }));
    const allowed = judged.every(({ why }) => why === null);
    return judged.map(({ update: { ref, to }, why }) => {
      if ((this.refs.get(ref) ?? null) === to)
        return { ref, state: "same", reason: "[up to date]" };
      if (why !== null) return { ref, state: "refused", reason: why };
      if (!allowed) return { ref, state: "refused", reason: "[rejected] (atomic push failed)" };
      this.#set(ref, to);
      return { ref, state: "updated", reason: "" };
    });
  }

  #refusal({ ref, to, expected }: RefUpdate, denies: (ref: string) => boolean): string | null {
    const held = this.refs.get(ref) ?? null;
    // A lease on an unchanged value is not looked at.
    if (held === to) return null;
    if (held !== expected) return "[rejected] (stale info)";
    return denies(ref) ? "[remote rejected] (hook declined)" : null;
  }

  #set(ref: string, to: Oid | null): void {
    if (to === null) return void this.refs.delete(ref);
    this.take(to);
    this.refs.set(ref, to);
  }
}

export interface SimRemote {
  readonly repository: SimRepository;
  /** What a clone checks out. */
  defaultBranch: string;
  /** A person's checkout instead of a bare repository. */
  checkout: { branch: string; dirty: boolean } | null;
  /** Refs that the host refuses to write. */
  denies: (ref: string) => boolean;
}

/** How a call to a remote fails: before it did anything, or after, with its answer lost. */
export type NetworkFault = "unreachable" | "locked" | "timed_out" | "answer_lost";

export const stranger = { name: "Stray Person", email: "stray@example.test" };

export class SimForge {
  readonly objects = new SimObjects();
  readonly #remotes = new Map<string, SimRemote>();
  /** Asked at every call to a remote. */
  fault: (call: { url: string; writes: boolean }) => NetworkFault | null = () => null;

  /** Makes a remote with one commit of `files` on `main`, or an empty one. */
  make(url: string, files: Files | null, checkout = false): SimRemote {
    const remote: SimRemote = {
      repository: new SimRepository(this.objects),
      defaultBranch: "main",
      checkout: checkout ? { branch: "main", dirty: false } : null,
      denies: () => false,
    };
    this.#remotes.set(url, remote);
    if (files !== null) this.stray(url, "main", files, { message: "Begin", atMs: 0 });
    return remote;
  }

  find(url: string): SimRemote | undefined {
    return this.#remotes.get(url);
  }

  at(url: string): SimRemote {
    const remote = this.#remotes.get(url);
    if (remote === undefined) throw new Error(`no remote ${url} was made`);
    return remote;
  }

  /** Somebody else's commit on a branch: `change` over what it holds. */
  stray(
    url: string,
    branch: string,
    change: Files,
    { message = "Stray change", atMs = 0 }: { message?: string; atMs?: number } = {},
  ): Oid {
    const { repository } = this.at(url);
    const ref = `refs/heads/${branch}`;
    const tip = repository.refs.get(ref);
    const before = tip === undefined ? new Map<string, string>() : this.objects.files(tip);
    const oid = this.objects.putCommit({
      tree: this.objects.putTree(new Map([...(before ?? []), ...change])),
      parents: tip === undefined ? [] : [tip],
      ...{ message, atMs, author: stranger, committer: stranger },
    });
    this.move(url, ref, oid);
    return oid;
  }

  /** Somebody else moves, makes or deletes a ref. */
  move(url: string, ref: string, to: Oid | null): void {
    const { repository } = this.at(url);
    if (to === null) return void repository.refs.delete(ref);
    repository.take(to);
    repository.refs.set(ref, to);
  }

  /** The files a branch holds now. */
  filesOf(url: string, branch: string): Files {
    const tip = this.at(url).repository.refs.get(`refs/heads/${branch}`);
    return (tip === undefined ? undefined : this.objects.files(tip)) ?? new Map();
  }
}
