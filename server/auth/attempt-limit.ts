/** Bounds failed login attempts per address. In memory: a restart costs a person more than a guesser gains. */
import type { Clock } from "../core.ts";

const WINDOW_MS = 60_000;
const FAILURES_MAX = 20;
/** Addresses remembered at once; past it the oldest is forgotten. */
const ADDRESSES_MAX = 1_000;

export class AttemptLimit {
  readonly #clock: Clock;
  readonly #windows = new Map<string, { since: number; failures: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds until this address may try again; 0 when it may now. */
  waitMs(address: string): number {
    const window = this.#windows.get(address);
    if (window === undefined || window.failures < FAILURES_MAX) return 0;
    return Math.max(0, Math.ceil(window.since + WINDOW_MS - this.#clock.mono()));
  }

  failed(address: string): void {
    const now = this.#clock.mono();
    const window = this.#windows.get(address);
    if (window !== undefined && now - window.since < WINDOW_MS) {
      window.failures += 1;
      return;
    }
    this.#windows.delete(address);
    this.#windows.set(address, { since: now, failures: 1 });
    const oldest =
      this.#windows.size > ADDRESSES_MAX ? this.#windows.keys().next().value : undefined;
    if (oldest !== undefined) this.#windows.delete(oldest);
  }
}
