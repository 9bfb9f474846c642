/**
 * How long the town's word lasts. Counted from the *send* time of the last acknowledged heartbeat, by
 * whichever of the wall clock and the monotonic one went further: the first goes on while the host
 * sleeps, the second cannot be set back.
 */
import type { TimeSource } from "../clock.ts";

export interface Moment {
  wall: number;
  mono: number;
}

export class Lease {
  readonly #clock: TimeSource;
  #ttlMs = 0;
  #heardAt: Moment | null = null;
  readonly #listeners = new Set<() => void>();

  constructor(clock: TimeSource) {
    this.#clock = clock;
  }

  /** Taken before a heartbeat is sent, given to `renew` when it was acknowledged. */
  moment(): Moment {
    return { wall: this.#clock.now(), mono: this.#clock.mono() };
  }

  renew(sentAt: Moment, ttlMs = this.#ttlMs): void {
    this.#ttlMs = ttlMs;
    if (this.#heardAt === null || sentAt.mono >= this.#heardAt.mono) this.#heardAt = sentAt;
    for (const listener of this.#listeners) listener();
  }

  /** The town has taken its word back. */
  end(): void {
    this.#heardAt = null;
  }

  /** Milliseconds since the town last heard us for certain; infinite before the first time. */
  get ageMs(): number {
    if (this.#heardAt === null) return Number.POSITIVE_INFINITY;
    const { wall, mono } = this.moment();
    return Math.max(wall - this.#heardAt.wall, mono - this.#heardAt.mono, 0);
  }

  /** Whether something outside may be written now. */
  get valid(): boolean {
    return this.ageMs < this.#ttlMs;
  }

  /** Called at each renewal. Returns the way to stop. */
  onRenewed(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves true when the lease is valid, false when `signal` was aborted first. */
  async whenValid(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (this.valid) return true;
    return new Promise((resolve) => {
      const finish = (answer: boolean) => {
        stop();
        signal.removeEventListener("abort", aborted);
        resolve(answer);
      };
      const aborted = () => finish(false);
      const stop = this.onRenewed(() => {
        if (this.valid) finish(true);
      });
      signal.addEventListener("abort", aborted, { once: true });
    });
  }
}
