/**
 * Watches that an agent's turn lives: the first sign within one deadline, then never silent for
 * longer than another. A tool in flight holds the second back up to the tool's own limit.
 */
import type { Clock } from "../../clock.ts";
import { TOOL_IN_FLIGHT_MS_MAX } from "../../config.ts";

export type Expired = "first_token" | "silent";

export class TurnWatch {
  readonly #limits: { firstTokenMs: number; silenceMs: number };
  readonly #clock: Clock;
  readonly #onExpired: (what: Expired) => void;
  readonly #inFlight = new Set<string>();
  #callOff: (() => void) | null = null;
  #seen = false;

  constructor(
    limits: { firstTokenMs: number; silenceMs: number },
    clock: Clock,
    onExpired: (what: Expired) => void,
  ) {
    this.#limits = limits;
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  /** A turn was handed over. */
  open(): void {
    this.#seen = false;
    this.#inFlight.clear();
    this.#arm();
  }

  /** The agent gave a sign of life. */
  sign(): void {
    this.#seen = true;
    this.#arm();
  }

  toolStarted(callId: string): void {
    this.#inFlight.add(callId);
    this.sign();
  }

  toolEnded(callId: string): void {
    this.#inFlight.delete(callId);
    this.sign();
  }

  /** Somebody else is to blame for the silence (a throttled or unreachable model): begin anew. */
  excuse(): void {
    if (this.#callOff !== null) this.#arm();
  }

  /** No turn runs. */
  close(): void {
    this.#callOff?.();
    this.#callOff = null;
  }

  #arm(): void {
    this.#callOff?.();
    const { firstTokenMs, silenceMs } = this.#limits;
    const what: Expired = this.#seen ? "silent" : "first_token";
    const ms = !this.#seen
      ? firstTokenMs
      : this.#inFlight.size > 0
        ? Math.max(silenceMs, TOOL_IN_FLIGHT_MS_MAX)
        : silenceMs;
    this.#callOff = this.#clock.after(ms, () => {
      this.#callOff = null;
      this.#onExpired(what);
    });
  }
}
