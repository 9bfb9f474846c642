/** What runs have handed over and no row names yet: one blob of each run at most, gone when it ends or hands over another. */
import type { Log } from "../../core.ts";
import type { Blobs } from "../../store/blobs/blobs.ts";
import type { Db } from "../../store/database.ts";
import { namedBlobs } from "../../store/writes/snapshots/snapshots.ts";

interface Handed {
  sha256: string;
  isWhole: boolean;
}

export class HandedBlobs {
  readonly #ports: { db: Db; blobs: Blobs; log: Log };
  /** The newest of each run; one that is being written counts. */
  readonly #of = new Map<string, Handed>();

  constructor(ports: { db: Db; blobs: Blobs; log: Log }) {
    this.#ports = ports;
  }

  /** Whether all of it is on disk; false: the disk does not take it. */
  async put(runId: string, sha256: string, bytes: Uint8Array): Promise<boolean> {
    const before = this.#of.get(runId);
    const mine: Handed = { sha256, isWhole: false };
    this.#of.set(runId, mine);
    try {
      await this.#ports.blobs.put(sha256, bytes);
      mine.isWhole = true;
    } catch (error) {
      if (this.#of.get(runId) === mine) this.#of.delete(runId);
      this.#ports.log.warn({ err: String(error) }, "a snapshot could not be written");
    }
    // The run may have ended meanwhile, or handed over another.
    await this.drop([sha256, ...(before === undefined ? [] : [before.sha256])]);
    return mine.isWhole;
  }

  /** Whether the run has handed this over, and nothing since. */
  has(runId: string, sha256: string): boolean {
    const handed = this.#of.get(runId);
    return handed?.sha256 === sha256 && handed.isWhole;
  }

  /** A row names it from now on; what the run has handed over since stays its own. */
  named(runId: string, sha256: string): void {
    if (this.#of.get(runId)?.sha256 === sha256) this.#of.delete(runId);
  }

  /** The run has ended. */
  async forget(runId: string): Promise<void> {
    const handed = this.#of.get(runId);
    this.#of.delete(runId);
    if (handed !== undefined) await this.drop([handed.sha256]);
  }

  /** Removes those of these that no row names and no run has handed over. */
  async drop(all: readonly string[]): Promise<void> {
    if (all.length === 0) return;
    const { db, blobs, log } = this.#ports;
    const named = namedBlobs(db);
    const handed = new Set([...this.#of.values()].map(({ sha256 }) => sha256));
    const gone = all.filter((sha256) => !named.has(sha256) && !handed.has(sha256));
    await Promise.all(
      gone.map((sha256) =>
        blobs
          .drop(sha256)
          .catch((error: unknown) =>
            log.warn({ err: String(error) }, "an old blob is still there"),
          ),
      ),
    );
  }
}
