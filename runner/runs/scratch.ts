/** A scratch tree with its own home for gates, removed after use. */
import { join } from "node:path";
import type { RigRepository } from "../git/mirror.ts";
import type { Oid } from "../git/porcelain.ts";
import { changedSince, materialise, removeScratch, type ScratchTree } from "../git/scratch-tree.ts";
import type { GatePlace } from "./gates.ts";
import type { LiveRun } from "./live-run.ts";
import type { Workplace } from "./workplace.ts";

export class Scratch {
  readonly #place: Workplace;
  readonly #run: LiveRun;
  readonly #rig: RigRepository;
  #tree: ScratchTree | null = null;

  constructor(place: Workplace, run: LiveRun, rig: RigRepository) {
    this.#place = place;
    this.#run = run;
    this.#rig = rig;
  }

  /** Writes a commit's or a tree's files; an earlier tree of this run goes first. */
  async open(oid: Oid): Promise<GatePlace | { infra: string }> {
    const made = await materialise(this.#place.git, this.#place.root, this.#rig, {
      name: this.#run.spec.runId,
      oid,
    });
    if (!made.ok) return { infra: made.error.message };
    this.#tree = made.scratch;
    const { dir, treeDir } = made.scratch;
    return {
      treeDir,
      homeDir: join(dir, "home"),
      tmpDir: join(dir, "tmp"),
      readOnly: [],
      changed: () => this.#changed(),
    };
  }

  async #changed(): Promise<readonly string[]> {
    if (this.#tree === null || this.#run.signal.aborted) return [];
    const exec = this.#place.sandboxedExec(this.#run.spec.runId);
    const changed = await changedSince(exec, this.#tree);
    return changed.ok ? changed.paths : [];
  }

  async close(): Promise<void> {
    if (this.#tree === null) return;
    const removed = await removeScratch(this.#tree);
    this.#tree = null;
    if (!removed.ok)
      this.#place.log.warn("a scratch tree was left behind", {
        runId: this.#run.spec.runId,
        why: removed.error.message,
      });
  }
}
