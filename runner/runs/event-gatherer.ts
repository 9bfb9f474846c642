/**
 * Numbers a run's agent events and gathers them into facts: by time, by count and by size. Events that
 * replace an earlier one of the same part replace it while it waits.
 */
import { EVENT_BATCH_MAX } from "../../protocol/limits.ts";
import type { AgentEvent, AgentEventBody } from "../../protocol/stream.ts";
import type { Clock } from "../clock.ts";
import { EVENT_GATHER_MS } from "../config.ts";

/** Of one batch, as JSON: a control character counts six there. */
const BATCH_BYTES_MAX = 96_000;

type Waiting = Omit<AgentEvent, "seq">;

export class EventGatherer {
  readonly #clock: Clock;
  readonly #put: (events: AgentEvent[]) => void;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #seq = 0;
  #callOff: (() => void) | null = null;

  constructor(options: { clock: Clock; put: (events: AgentEvent[]) => void }) {
    this.#clock = options.clock;
    this.#put = options.put;
  }

  add(body: AgentEventBody, turnId: string | null): void {
    const event: Waiting = { at: this.#clock.now(), turnId, body };
    const part = partOf(body);
    const place =
      part === null ? -1 : this.#waiting.findIndex((earlier) => partOf(earlier.body) === part);
    const bytes = bytesOf(body);
    if (place < 0 && this.#bytes + bytes > BATCH_BYTES_MAX) this.flush();
    const replaced = this.#waiting[place];
    if (replaced === undefined) this.#waiting.push(event);
    else this.#waiting[place] = event;
    this.#bytes += bytes - (replaced === undefined ? 0 : bytesOf(replaced.body));
    if (this.#waiting.length >= EVENT_BATCH_MAX) this.flush();
    else this.#callOff ??= this.#clock.after(EVENT_GATHER_MS, () => this.flush());
  }

  flush(): void {
    this.#callOff?.();
    this.#callOff = null;
    if (this.#waiting.length === 0) return;
    const events = this.#waiting.map((event) => ({ seq: ++this.#seq, ...event }));
    this.#waiting = [];
    this.#bytes = 0;
    this.#put(events);
  }
}

function partOf(body: AgentEventBody): string | null {
  return "partId" in body ? `${body.kind}:${body.partId}` : null;
}

function bytesOf(body: AgentEventBody): number {
  return Buffer.byteLength(JSON.stringify(body)) + 100;
}
