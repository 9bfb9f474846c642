/** What calls through the town came to, until it is written down. While a disk takes nothing it is kept, and tried again. */
import type { SeenTrouble } from "../model/provider.ts";
import type { Log, RelayedUse, TownCore } from "../core.ts";

type Told = RelayedUse | SeenTrouble;

export class UseBook {
  readonly #log: Log;
  readonly #waiting = new Map<string, Told[]>();
  readonly #writing = new Map<string, Promise<boolean>>();

  constructor(log: Log) {
    this.#log = log;
  }

  add(core: TownCore, runId: string, use: Told): void {
    const waiting = this.#waiting.get(runId);
    if (waiting) waiting.push(use);
    else this.#waiting.set(runId, [use]);
    void this.settled(core, runId);
  }

  /** Whether all that the run has used is written down, with what followed from it. */
  async settled(core: TownCore, runId: string): Promise<boolean> {
    for (;;) {
      const writing = this.#writing.get(runId);
      if (writing !== undefined) {
        if (!(await writing)) return false;
        continue;
      }
      const uses = this.#waiting.get(runId);
      if (uses === undefined) return true;
      const begun = this.#write(core, runId, uses);
      this.#writing.set(
        runId,
        begun.finally(() => this.#writing.delete(runId)),
      );
    }
  }

  /** Whether something is not written down. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  async allSettled(core: TownCore): Promise<void> {
    await Promise.all(Array.from(this.#waiting.keys(), (runId) => this.settled(core, runId)));
  }

  async #write(core: TownCore, runId: string, uses: Told[]): Promise<boolean> {
    try {
      for (let use = uses[0]; use !== undefined; use = uses[0]) {
        await core.modelUsed(runId, use);
        uses.shift();
      }
      this.#waiting.delete(runId);
      return true;
    } catch (error) {
      this.#log.error({ runId, error: String(error) }, "what a call used could not be written");
      return false;
    }
  }
}
