/** Notices that the process or its host stood still, so that nobody is blamed for silence meanwhile. */
import type { Clock } from "../core.ts";

/** A difference that scheduling and clock corrections do not explain. */
const GAP_MS = 10_000;

export class ClockWatch {
  readonly #clock: Clock;
  #wall: number;
  #mono: number;
  #dueMono: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wall = clock.now();
    this.#mono = clock.mono();
  }

  /** The loop sleeps and means to wake by itself after so long. */
  sleeping(ms: number): void {
    this.#dueMono = this.#clock.mono() + ms;
  }

  /** Whether the two clocks parted, or the loop woke far later than it meant to, since the last look. */
  gap(wokeByTimer: boolean): boolean {
    const wall = this.#clock.now();
    const mono = this.#clock.mono();
    const parted = Math.abs(wall - this.#wall - (mono - this.#mono)) > GAP_MS;
    const late = wokeByTimer && this.#dueMono !== null && mono - this.#dueMono > GAP_MS;
    this.#wall = wall;
    this.#mono = mono;
    this.#dueMono = null;
    return parted || late;
  }
}
