/** How much passes through the town at once: its event loop carries every piece, its memory every request. */

/** Of the whole town. */
const CALLS_MAX = 64;
/** Of one run: an agent with parts that work side by side has a few. */
const RUN_CALLS_MAX = 8;
/** Of requests that are being read or wait for their answers. */
const BYTES_MAX = 128 * 1024 * 1024;
/** Of one run: who only announces the largest must not keep all others away. */
const RUN_BYTES_MAX = 32 * 1024 * 1024;

export class RelayLoad {
  #bytes = 0;
  #calls = 0;
  readonly #ofRun = new Map<string, { calls: number; bytes: number }>();

  /** Takes a place, or says whose limit is reached. What is returned gives it back, once. */
  take(runId: string, bytes: number): (() => void) | "town" | "run" {
    const ofRun = this.#ofRun.get(runId) ?? { calls: 0, bytes: 0 };
    if (ofRun.calls >= RUN_CALLS_MAX || ofRun.bytes + bytes > RUN_BYTES_MAX) return "run";
    if (this.#calls >= CALLS_MAX || this.#bytes + bytes > BYTES_MAX) return "town";
    this.#add(runId, 1, bytes);
    let isTaken = true;
    return () => {
      if (isTaken) this.#add(runId, -1, -bytes);
      isTaken = false;
    };
  }

  #add(runId: string, calls: 1 | -1, bytes: number): void {
    this.#calls += calls;
    this.#bytes += bytes;
    const before = this.#ofRun.get(runId) ?? { calls: 0, bytes: 0 };
    const after = { calls: before.calls + calls, bytes: before.bytes + bytes };
    if (after.calls === 0) this.#ofRun.delete(runId);
    else this.#ofRun.set(runId, after);
  }
}
