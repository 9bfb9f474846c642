// The parent's side of a town whose ticks are timed.
import { join } from "node:path";
import { profilingFlags } from "../cpu-profile.ts";
import { atEnd } from "./at-end.ts";

export interface TickQuestion {
  beads: readonly string[];
  samples: number;
  msMax: number;
}
export interface TickAnswer {
  /** Milliseconds of each change, in order. */
  times: number[];
  /** Processor time of one change, which other work on the machine does not lengthen. */
  cpuMs: number;
}

const OPEN_MS_MAX = 120_000;

export class TickTown implements AsyncDisposable {
  readonly #child;
  readonly #beads: readonly string[];
  #answered = Promise.withResolvers<TickAnswer>();

  private constructor(dataDir: string, beads: readonly string[], profile?: string) {
    this.#beads = beads;
    const flags = profile === undefined ? [] : profilingFlags(profile);
    const child = join(import.meta.dir, "tick-child.ts");
    this.#child = Bun.spawn([process.execPath, ...flags, child, dataDir], {
      stdio: ["ignore", "inherit", "inherit"],
      serialization: "json",
      ipc: (answer: TickAnswer) => this.#answered.resolve(answer),
    });
    const ended = atEnd(() => this.#child.kill("SIGKILL"));
    void this.#child.exited.then((code) => {
      ended();
      this.#answered.reject(new Error(`a town of ticks ended with ${code}`));
    });
  }

  /** Opens the town in `dataDir`; `beads` are open ones of it. */
  static async open(
    dataDir: string,
    beads: readonly string[],
    profile?: string,
  ): Promise<TickTown> {
    const town = new TickTown(dataDir, beads, profile);
    await town.#answer(OPEN_MS_MAX);
    return town;
  }

  /** Changes one bead at a time, `samples` times or until `msMax` are over. */
  measure(samples: number, msMax: number): Promise<TickAnswer> {
    this.#answered = Promise.withResolvers();
    this.#child.send({ beads: this.#beads, samples, msMax } satisfies TickQuestion);
    return this.#answer(msMax + OPEN_MS_MAX);
  }

  async #answer(msMax: number): Promise<TickAnswer> {
    const late = setTimeout(() => this.#child.kill("SIGKILL"), msMax);
    try {
      return await this.#answered.promise;
    } finally {
      clearTimeout(late);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#answered.promise.catch(() => undefined);
    this.#child.disconnect();
    const late = setTimeout(() => this.#child.kill("SIGKILL"), OPEN_MS_MAX);
    await this.#child.exited;
    clearTimeout(late);
  }
}
