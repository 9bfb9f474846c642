/** Notices that the process or its host stood still, so that nobody is blamed for silence meanwhile. */
import type { Clock } from "../core.ts";

/** A difference that scheduling and clock corrections do not explain. */
const GAP_MS = 10_000;

export class ClockWatch {
  readonly #clock: Clock;
  #wall: number;
  #mono: number;
  #dueMono: number | null = null;
  #wokenMono: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wall = clock.now();
    this.#mono = clock.mono();
  }

  /** The loop sleeps and means to wake by itself after so long. */
  sleeping(ms: number): void {
    this.#dueMono = this.#clock.mono() + ms;
  }

  /** The loop is to be awake at once. */
  waking(): void {
    this.#wokenMono ??= this.#clock.mono();
  }

  /**
   * By how many ms the wall clock went on while nothing was awake, or was set (negative: back), since the last look. 0:
   * the two clocks went together and the loop woke when it meant to.
   */
  gapMs(wokeByTimer: boolean): number {
    const wall = this.#clock.now();
    const mono = this.#clock.mono();
    const partedMs = wall - this.#wall - (mono - this.#mono);
    const lateMs = mono - ((wokeByTimer ? this.#dueMono : this.#wokenMono) ?? mono);
    this.#wall = wall;
    this.#mono = mono;
    this.#dueMono = null;
    this.#wokenMono = null;
    const gapMs = (Math.abs(partedMs) > GAP_MS ? partedMs : 0) + (lateMs > GAP_MS ? lateMs : 0);
    return Math.round(gapMs);
  }
}
