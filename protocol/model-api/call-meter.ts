/** What one call has used. Pure. */
import type { JsonObject, UsageReader } from "./dialect.ts";
import type { MeteredUsage } from "./model-usage.ts";
import { StreamMeter } from "./stream-meter.ts";

/** Roughly, of text and code. */
const BYTES_PER_TOKEN = 4;

export class CallMeter {
  readonly #reader: UsageReader;
  readonly #stream: StreamMeter;
  readonly #request: JsonObject;
  #answerTokens = 0;
  #isComplete = false;
  #isClosed = false;

  constructor(reader: UsageReader, request: JsonObject) {
    this.#reader = reader;
    this.#stream = new StreamMeter(reader);
    this.#request = request;
  }

  /** The next bytes of a stream. */
  piece(bytes: Uint8Array): void {
    this.#stream.watch(bytes);
  }

  /** An answer that was not streamed. */
  whole(json: unknown, bytes: number): void {
    this.#reader.read(json);
    this.#answerTokens = Math.ceil(bytes / BYTES_PER_TOKEN);
    this.complete();
  }

  /** The answer came to its end. */
  complete(): void {
    this.#isComplete = true;
  }

  /** True once: what was used is told then. */
  close(): boolean {
    const first = !this.#isClosed;
    this.#isClosed = true;
    return first;
  }

  get failure(): UsageReader["failure"] {
    return this.#reader.failure;
  }

  /** Whether the answer came to its end. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Whether the endpoint has told all of it. */
  get isTold(): boolean {
    return this.#isComplete && this.#reader.usage !== null;
  }

  /**
   * The endpoint's figures. Without them, or when the answer was cut off, at least what was seen: an agent that hangs
   * up before the end would pay nothing otherwise.
   */
  spent(): MeteredUsage {
    const told = this.#reader.usage;
    if (told !== null && this.#isComplete) return told;
    const { events } = this.#stream;
    const answered = this.#answerTokens + events;
    return {
      reasoningTokens: 0,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      reportedCostUsd: null,
      ...told,
      inputTokens: told?.inputTokens ?? estimate(this.#request),
      outputTokens: Math.max(told?.outputTokens ?? 0, answered),
    };
  }
}

/** Pictures and files stand in a request as long words that are no words. */
const INLINE = /[A-Za-z0-9+/=]{1000,}/g;

function estimate(request: JsonObject): number {
  return Math.ceil(JSON.stringify(request).replace(INLINE, "").length / BYTES_PER_TOKEN);
}
