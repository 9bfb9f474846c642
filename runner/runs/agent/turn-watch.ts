/**
 * Watches that an agent's turn lives: the first sign within one deadline, then never silent for
 * longer than another. A tool in flight holds the second back up to the tool's own limit.
 */
import type { Clock } from "../../clock.ts";
import type { ToolsInFlight } from "./tools-in-flight.ts";

export type Expired = "first_token" | "silent";

export class TurnWatch {
  readonly #limits: { firstTokenMs: number; silenceMs: number };
  readonly #clock: Clock;
  readonly #onExpired: (what: Expired) => void;
  readonly #tools: ToolsInFlight;
  #callOff: (() => void) | null = null;
  #seen = false;

  constructor(
    limits: { firstTokenMs: number; silenceMs: number },
    { clock, tools }: { clock: Clock; tools: ToolsInFlight },
    onExpired: (what: Expired) => void,
  ) {
    this.#limits = limits;
    this.#clock = clock;
    this.#tools = tools;
    this.#onExpired = onExpired;
  }

  /** A turn was handed over. */
  open(): void {
    this.#seen = false;
    this.#tools.clear();
    this.#arm();
  }

  /** The agent gave a sign of life. */
  sign(): void {
    this.#seen = true;
    this.#arm();
  }

  toolStarted(callId: string, tool: string, input: string): void {
    this.#tools.started(callId, tool, input);
    this.sign();
  }

  toolEnded(callId: string): void {
    this.#tools.ended(callId);
    this.sign();
  }

  /** Somebody else is to blame for the silence (a throttled or unreachable model): begin anew. */
  excuse(): void {
    if (this.#callOff !== null) this.#arm();
  }

  /** No turn runs. */
  close(): void {
    this.#tools.clear();
    this.#callOff?.();
    this.#callOff = null;
  }

  #arm(): void {
    this.#callOff?.();
    const { firstTokenMs, silenceMs } = this.#limits;
    const what: Expired = this.#seen ? "silent" : "first_token";
    const ms = this.#seen ? Math.max(silenceMs, this.#tools.limitMs ?? 0) : firstTokenMs;
    this.#callOff = this.#clock.after(ms, () => {
      this.#callOff = null;
      this.#onExpired(what);
    });
  }
}
