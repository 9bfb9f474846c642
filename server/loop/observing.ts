import type { Clock } from "../core.ts";

/** After a start, or when the host stood still, nothing is lost before its runner could say hello. Source: state.md. */
export class Observing {
  readonly #clock: Clock;
  readonly #graceMs: () => number;
  #untilAt = 0;

  constructor(clock: Clock, graceMs: () => number) {
    this.#clock = clock;
    this.#graceMs = graceMs;
    this.begin();
  }

  begin(): void {
    this.#untilAt = this.#clock.now() + this.#graceMs();
  }

  /** The end of the period, or null when it is over. */
  get untilAt(): number | null {
    return this.#clock.now() < this.#untilAt ? this.#untilAt : null;
  }
}
