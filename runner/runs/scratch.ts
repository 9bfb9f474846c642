/** A scratch tree with its own home for gates, removed after use. */
import type { Contents } from "../git/lfs/contents.ts";
import type { RigRepository } from "../git/mirror.ts";
import type { Oid } from "../git/porcelain.ts";
import type { ScratchFolder } from "../works/works.ts";
import { GATES_FAILED, type GatePlace, type Unopened } from "./gates.ts";
import { bringLfs, withoutContents } from "./lfs.ts";
import type { LiveRun } from "./live-run.ts";
import { tearDown } from "./teardown.ts";
import type { Workplace } from "./workplace.ts";

export class Scratch {
  readonly #place: Workplace;
  readonly #run: LiveRun;
  readonly #rig: RigRepository;
  #folder: ScratchFolder | null = null;
  #contents: Contents | null = null;

  constructor(place: Workplace, run: LiveRun, rig: RigRepository) {
    this.#place = place;
    this.#run = run;
    this.#rig = rig;
  }

  /** Writes a commit's or a tree's files; an earlier tree of this run goes first. */
  async open(oid: Oid): Promise<GatePlace | Unopened> {
    const { spec } = this.#run;
    const rig = "rig" in spec ? spec.rig : null;
    const contents = await bringLfs(this.#place, this.#run, this.#rig, oid);
    this.#contents = contents;
    const held = contents && rig && withoutContents(contents, rig.name);
    if (held !== null) return held;
    const copies = rig?.environment.copies ?? [];
    const wish = { name: spec.runId, oid, copies, contents: contents !== null };
    const made = await this.#place.works.scratch.write(this.#rig, wish);
    if (!made.ok) {
      const { code, message } = made.error;
      return { code: code === "copied_file" ? code : GATES_FAILED, infra: message };
    }
    this.#folder = made.scratch;
    const isWhole = (contents?.missing.length ?? 0) === 0;
    return { ...made.scratch, readOnly: [], changed: () => this.#changed(), isWhole };
  }

  /** Of what was opened: what it has of the files that Git LFS keeps; null: pointers, as its rig wants them. */
  get contents(): Contents | null {
    return this.#contents;
  }

  async #changed(): Promise<readonly string[]> {
    if (this.#folder === null || this.#run.signal.aborted) return [];
    const changed = await this.#place.works.scratch.changed(this.#folder);
    return changed.ok ? changed.paths : [];
  }

  async close(): Promise<void> {
    if (this.#folder === null) return;
    const folder = this.#folder;
    this.#folder = null;
    if (this.#run.given.used.has(folder.treeDir))
      await tearDown(this.#place, this.#run, { ...folder, readOnly: [] });
    await removeFolder(this.#place, folder);
  }
}

/** What cannot be removed is left to the next start, and the log says so. */
export async function removeFolder(place: Workplace, folder: ScratchFolder): Promise<void> {
  const removed = await place.works.scratch.remove(folder);
  if (!removed.ok)
    place.log.warn("a scratch tree was left behind", {
      runId: folder.name,
      why: removed.error.message,
    });
}
