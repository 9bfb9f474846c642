/** Time that stands still until the simulation lets it go on. Nothing here waits for the host. */
import type { Clock } from "../runner/clock.ts";

interface Timer {
  atMs: number;
  /** Tells timers of one moment apart: they fire in the order in which they were set. */
  order: number;
  act: () => void;
}

export class SimClock implements Clock {
  #monoMs = 0;
  #wallMs: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  /** `wallMs`: what the wall clock shows at first, milliseconds since 1970. */
  constructor(wallMs = 1_700_000_000_000) {
    this.#wallMs = wallMs;
  }

  now(): number {
    return Math.floor(this.#wallMs);
  }

  mono(): number {
    return this.#monoMs;
  }

  after(ms: number, act: () => void): () => void {
    const timer = { atMs: this.#monoMs + Math.max(0, ms), order: this.#order++, act };
    // What is never due must not draw the time to infinity.
    if (Number.isFinite(ms)) this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Goes on to the next timer and fires it; false when none is set. */
  fireNext(): boolean {
    const next = this.#next();
    if (next === null) return false;
    this.#pass(next.atMs - this.#monoMs);
    this.#timers.delete(next);
    next.act();
    return true;
  }

  /** Lets `ms` go by, with what is due in them. */
  advance(ms: number): void {
    const untilMs = this.#monoMs + ms;
    for (let next = this.#next(); next !== null && next.atMs <= untilMs; next = this.#next())
      this.fireNext();
    this.#pass(untilMs - this.#monoMs);
  }

  /** Somebody sets the wall clock, or the host sleeps: the monotonic clock does not see it. */
  jump(ms: number): void {
    this.#wallMs += ms;
  }

  #next(): Timer | null {
    let next: Timer | null = null;
    for (const timer of this.#timers) {
      const sooner =
        next === null ||
        timer.atMs < next.atMs ||
        (timer.atMs === next.atMs && timer.order < next.order);
      if (sooner) next = timer;
    }
    return next;
  }

  #pass(ms: number): void {
    this.#monoMs += ms;
    this.#wallMs += ms;
  }
}
