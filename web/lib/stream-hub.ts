/** Streams of runs that a page shows: opened with the first viewer, resumed by sequence after a reconnect. */
import type { AgentEvent, Result, StreamFrame } from "../../protocol/index.ts";
import { STREAM_REPLAY_MAX } from "../../protocol/index.ts";
import { appendEvents, emptyLog, type RunLog } from "./run-log.ts";

export interface StreamSource {
  open(frame: { stream: string; since: number }): Promise<Result<{ events: AgentEvent[] }>>;
  close(stream: string): void;
}

interface Entry {
  log: RunLog;
  problem: string | null;
  listeners: Set<() => void>;
}

export class StreamHub {
  readonly #entries = new Map<string, Entry>();
  readonly #source: StreamSource;
  #online = false;

  constructor(source: StreamSource) {
    this.#source = source;
  }

  follow(runId: string, listener: () => void): () => void {
    let entry = this.#entries.get(runId);
    if (!entry) {
      entry = { log: emptyLog, problem: null, listeners: new Set() };
      this.#entries.set(runId, entry);
    }
    const first = entry.listeners.size === 0;
    entry.listeners.add(listener);
    if (first && this.#online) this.#open(runId);
    return () => {
      entry.listeners.delete(listener);
      if (entry.listeners.size > 0) return;
      if (this.#online) this.#source.close(`run:${runId}`);
    };
  }

  log(runId: string): RunLog {
    return this.#entries.get(runId)?.log ?? emptyLog;
  }

  problem(runId: string): string | null {
    return this.#entries.get(runId)?.problem ?? null;
  }

  connected(): void {
    this.#online = true;
    for (const [runId, entry] of this.#entries) if (entry.listeners.size > 0) this.#open(runId);
  }

  disconnected(): void {
    this.#online = false;
  }

  receive(frame: StreamFrame): void {
    const entry = this.#entries.get(frame.runId);
    if (entry) this.#set(entry, appendEvents(entry.log, frame.events));
  }

  #open(runId: string): void {
    const entry = this.#entries.get(runId);
    if (!entry) return;
    const since = entry.log.lastSeq;
    void this.#source.open({ stream: `run:${runId}`, since }).then((answer) => {
      if (!answer.ok) {
        entry.problem = answer.error.retryable ? null : answer.error.message;
        this.#set(entry, { ...entry.log });
        return;
      }
      const { events } = answer.value;
      this.#set(entry, appendEvents(entry.log, events));
      if (events.length >= STREAM_REPLAY_MAX && entry.log.lastSeq > since) this.#open(runId);
    });
  }

  #set(entry: Entry, log: RunLog): void {
    entry.log = log;
    for (const listener of entry.listeners) listener();
  }
}
