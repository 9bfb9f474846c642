/** The stream of one run as one viewer follows it. Parts that grow are sent as they are now, not as they grew. */
import type { AgentEvent, StreamFrame } from "../../protocol/index.ts";
import type { TownCore } from "../core.ts";
import { cutToFrames } from "./frames.ts";
import type { Channel } from "./viewer.ts";

export class StreamChannel implements Channel {
  readonly name: string;
  readonly runId: string;
  readonly #core: TownCore;
  readonly #send: (frame: StreamFrame) => void;
  readonly #events = new Map<string, AgentEvent>();
  #sentSeq: number;
  #dropped = false;

  constructor(core: TownCore, name: string, since: number, send: (frame: StreamFrame) => void) {
    this.#core = core;
    this.name = name;
    this.runId = name.slice("run:".length);
    this.#sentSeq = since;
    this.#send = send;
  }

  add(events: readonly AgentEvent[]): void {
    if (this.#dropped) return;
    for (const event of events) {
      if (event.seq <= this.#sentSeq) continue;
      const key = "partId" in event.body ? `part ${event.body.partId}` : `seq ${event.seq}`;
      this.#events.delete(key);
      this.#events.set(key, event);
    }
  }

  pending(): number {
    return this.#events.size;
  }

  drop(): void {
    this.#events.clear();
    this.#dropped = true;
  }

  flush(): void {
    if (this.#dropped) {
      this.#dropped = false;
      this.add(this.#core.streamSince(this.runId, this.#sentSeq));
    }
    if (this.#events.size === 0) return;
    const events = [...this.#events.values()].sort((a, b) => a.seq - b.seq);
    this.#events.clear();
    this.#sentSeq = events.at(-1)?.seq ?? this.#sentSeq;
    for (const part of cutToFrames(events))
      this.#send({ stream: this.name, runId: this.runId, events: part });
  }
}
