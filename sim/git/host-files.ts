/** What the repositories of one runner are made of on its disk: they outlive its process. */
import { join } from "node:path";
import type { Oid } from "../../runner/git/porcelain.ts";
import type { RunRepository } from "../../runner/git/run-repo.ts";
import type { WarmTree } from "../../runner/works/warm-tree.ts";
import { SimRepository, type SimForge } from "./forge.ts";

/** An agent's tree as it lies there. */
export interface SimTree {
  readonly record: RunRepository;
  files: Map<string, string>;
  /** The agent's own commits: its HEAD, and the branch it is on. */
  head: Oid;
  branch: string | null;
}

/** A tree that waits for its run. */
export interface SimWarm {
  readonly warm: WarmTree;
  readonly files: Map<string, string>;
}

export interface SimScratch {
  readonly written: ReadonlyMap<string, string>;
  files: Map<string, string>;
}

export class SimHostFiles {
  readonly forge: SimForge;
  readonly #dir: string;
  readonly #stores = new Map<string, SimRepository>();
  /** Nothing more can be saved. */
  full = false;
  readonly trees = new Map<string, SimTree>();
  readonly warm = new Map<string, SimWarm>();
  readonly scratch = new Map<string, SimScratch>();

  /** `dir`: what the runner's root is called. */
  constructor(forge: SimForge, dir: string) {
    this.forge = forge;
    this.#dir = dir;
  }

  dirOf(...parts: string[]): string {
    return join(this.#dir, ...parts);
  }

  /** The store at a path, made when it is asked for. */
  store(storeDir: string): SimRepository {
    let store = this.#stores.get(storeDir);
    if (store === undefined)
      this.#stores.set(storeDir, (store = new SimRepository(this.forge.objects)));
    return store;
  }

  stores(): Iterable<SimRepository> {
    return this.#stores.values();
  }

  /** @returns whether it was there */
  dropStore(storeDir: string): boolean {
    return this.#stores.delete(storeDir);
  }

  isStore(path: string): boolean {
    return this.#stores.has(path);
  }

  /** The files at a tree's path, whether of a run or of a scratch folder. */
  filesAt(treeDir: string): Map<string, string> | undefined {
    for (const tree of this.trees.values()) if (tree.record.treeDir === treeDir) return tree.files;
    for (const { warm, files } of this.warm.values()) if (warm.treeDir === treeDir) return files;
    for (const [name, scratch] of this.scratch)
      if (this.dirOf("scratch", name, "tree") === treeDir) return scratch.files;
    return undefined;
  }
}
