/** Turns that wait for a session run, in order. Closing it decides, once, that no further turn is taken. */
import type { TurnSpec } from "../../protocol/run-spec.ts";
import type { Clock } from "../clock.ts";

export class TurnQueue {
  readonly #clock: Clock;
  readonly #waiting: TurnSpec[] = [];
  readonly #known = new Set<string>();
  #wake = Promise.withResolvers<void>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** False when the run takes no more. The same turn twice is one turn. */
  push(turn: TurnSpec): boolean {
    if (this.#closed) return false;
    if (this.#known.has(turn.turnId)) return true;
    this.#known.add(turn.turnId);
    this.#waiting.push(turn);
    this.#wake.resolve();
    return true;
  }

  /** The next turn; null, and closed from then on, when none came within `ms` or `signal` was aborted. */
  async next(ms: number, signal: AbortSignal): Promise<TurnSpec | null> {
    if (!signal.aborted && this.#waiting.length === 0) await this.#wait(ms, signal);
    const turn = signal.aborted ? undefined : this.#waiting.shift();
    if (turn === undefined) this.#closed = true;
    return turn ?? null;
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    this.#wake = Promise.withResolvers<void>();
    const wake = () => this.#wake.resolve();
    const callOff = this.#clock.after(ms, wake);
    signal.addEventListener("abort", wake, { once: true });
    await this.#wake.promise;
    callOff();
    signal.removeEventListener("abort", wake);
  }
}
