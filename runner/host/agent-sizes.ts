/** What agents take of this host's memory: looked at while they live, remembered of the last that ended. */
import type { AgentDriver } from "../agents/driver.ts";
import type { Clock } from "../clock.ts";
import { AGENT_MEMORY_BYTES } from "./resource-gate.ts";

/** Between two looks: each reads the host's table of processes. */
const LOOK_MS = 10_000;
/** Looks after which an agent has shown what it takes: the first turn takes the most. */
const LOOKS_MIN = 3;
/** Of how many that ended the largest counts: what was unlike the others is forgotten in time. */
const KEPT = 8;
/** Nothing that thinks is smaller: what was seen then was no agent at work. */
const SIZE_BYTES_MIN = 64 * 1024 ** 2;

interface Watched {
  driver: Pick<AgentDriver, "residentBytes">;
  /** The Mayor takes no slot. */
  isCounted: boolean;
  looks: number;
  bytes: number;
  peakBytes: number;
}

/** Of all agents of this host, at the last look. */
export interface AgentSizes {
  /** What one is expected to take. */
  agentBytes: number;
  /** Those at work that take a slot. */
  count: number;
  /** What those at work may still grow by. */
  growthBytes: number;
}

export class AgentScales {
  readonly #clock: Pick<Clock, "mono">;
  readonly #live = new Set<Watched>();
  #ended: number[] = [];
  #lookedAt: number | null = null;
  #looking: Promise<void> | null = null;

  constructor(clock: Pick<Clock, "mono">) {
    this.#clock = clock;
  }

  /** Looks at it until it has ended. */
  watch(driver: Pick<AgentDriver, "residentBytes" | "exited">, isCounted: boolean): void {
    const watched: Watched = { driver, isCounted, looks: 0, bytes: 0, peakBytes: 0 };
    this.#live.add(watched);
    void driver.exited.then(() => {
      this.#live.delete(watched);
      if (watched.looks < LOOKS_MIN) return;
      this.#ended = [...this.#ended, watched.peakBytes].slice(-KEPT);
    });
  }

  /** What was last seen. Begins another look when the last one is old; nobody waits for it. */
  sizes(): AgentSizes {
    const now = this.#clock.mono();
    if (this.#live.size > 0 && now - (this.#lookedAt ?? -Infinity) >= LOOK_MS) {
      this.#lookedAt = now;
      void this.look();
    }
    const agentBytes = this.#agentBytes();
    const live = [...this.#live];
    return {
      agentBytes,
      count: live.filter(({ isCounted }) => isCounted).length,
      growthBytes: live.reduce((sum, { bytes }) => sum + Math.max(0, agentBytes - bytes), 0),
    };
  }

  /** One look at each, one after the other; a second one at the same time is the same. */
  look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => (this.#looking = null));
    return this.#looking;
  }

  async #lookOnce(): Promise<void> {
    for (const watched of this.#live) {
      const bytes = await watched.driver.residentBytes();
      // Not up yet, gone already, or no Linux.
      if (bytes === null) continue;
      watched.looks += 1;
      watched.bytes = bytes;
      watched.peakBytes = Math.max(watched.peakBytes, bytes);
    }
  }

  #agentBytes(): number {
    const atWork = [...this.#live].filter(({ looks }) => looks >= LOOKS_MIN);
    const peaks = [...this.#ended, ...atWork.map(({ peakBytes }) => peakBytes)];
    return peaks.length === 0 ? AGENT_MEMORY_BYTES : Math.max(SIZE_BYTES_MIN, ...peaks);
  }
}
