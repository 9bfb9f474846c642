/** The tool calls that an agent waits for, and how long each may take: nobody is silent or still meanwhile. */
import type { Clock } from "../../clock.ts";
import { TOOL_IN_FLIGHT_MS_MAX, TOOL_LIMIT_MS_MAX, TOOL_TOLD_AFTER_MS } from "../../config.ts";

interface InFlight {
  limitMs: number;
  /** The town knows of it. */
  told: boolean;
  callOff: () => void;
}

export class ToolsInFlight {
  readonly #clock: Clock;
  /** Told of a call that takes its time, and of its end (0). */
  readonly #tell: (what: string, forMs: number) => void;
  readonly #calls = new Map<string, InFlight>();

  constructor(clock: Clock, tell: (what: string, forMs: number) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** The longest time that what is under way may take; null when nothing is. */
  get limitMs(): number | null {
    const limits = [...this.#calls.values()].map(({ limitMs }) => limitMs);
    return limits.length === 0 ? null : Math.max(...limits);
  }

  started(callId: string, tool: string, input: string): void {
    this.ended(callId);
    const limitMs = toolLimitMs(input);
    const callOff = this.#clock.after(TOOL_TOLD_AFTER_MS, () => {
      const call = this.#calls.get(callId);
      if (call !== undefined) call.told = true;
      this.#tell(tool, limitMs);
    });
    this.#calls.set(callId, { limitMs, told: false, callOff });
  }

  ended(callId: string): void {
    const call = this.#calls.get(callId);
    if (call === undefined) return;
    call.callOff();
    this.#calls.delete(callId);
    const others = [...this.#calls.values()].some(({ told }) => told);
    if (call.told && !others) this.#tell("", 0);
  }

  /** A turn begins or ends: what was under way is over. */
  clear(): void {
    for (const callId of [...this.#calls.keys()]) this.ended(callId);
  }
}

/** What a call says of its own time (a command's `timeout`, in milliseconds), with some room; else the common limit. */
export function toolLimitMs(input: string): number {
  const own = timeoutOf(input);
  return Math.min(Math.max(TOOL_IN_FLIGHT_MS_MAX, own + 60_000), TOOL_LIMIT_MS_MAX);
}

function timeoutOf(input: string): number {
  try {
    const { timeout } = JSON.parse(input) as { timeout?: unknown };
    return typeof timeout === "number" && timeout > 0 ? timeout : 0;
  } catch {
    // An input that was cut, or is no object, says nothing of its time.
    return 0;
  }
}
