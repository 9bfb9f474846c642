/** What one call has used. Pure. */
import type { JsonObject, UsageReader } from "./dialect.ts";
import { tokensOf, type MeteredUsage } from "./model-usage.ts";
import { StreamMeter } from "./stream-meter.ts";

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
    this.#answerTokens = tokensOf(bytes);
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
    const answered = this.#answerTokens + this.#stream.tokens;
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
const INLINE_CHARS_MIN = 1000;

function estimate(request: JsonObject): number {
  return tokensOf(charsOfWords(JSON.stringify(request)));
}

/** Looks at each letter once: who asks chooses the text, and an expression would begin anew within each word. */
function charsOfWords(text: string): number {
  let chars = 0;
  let inWord = 0;
  for (let at = 0; at < text.length; at++) {
    if (isBase64(text.charCodeAt(at))) {
      inWord++;
      continue;
    }
    chars += inWord < INLINE_CHARS_MIN ? inWord + 1 : 1;
    inWord = 0;
  }
  return inWord < INLINE_CHARS_MIN ? chars + inWord : chars;
}

function isBase64(code: number): boolean {
  if (code >= 97) return code <= 122;
  if (code >= 65) return code <= 90;
  // Digits, and `+`, `/`, `=`.
  return (code >= 47 && code <= 57) || code === 43 || code === 61;
}
