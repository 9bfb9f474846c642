// A shell at the other end of a socket, whoever serves it: what the terminals' bench types into and reads from.

export interface ShellLine extends Disposable {
  /** Bytes that have come so far. */
  readonly bytes: number;
  type(text: string): void;
  /** Resolves when the newest output ends with `text` and a prompt or nothing. */
  until(text: string): Promise<void>;
}

/** The end of what has come, looked at as it comes: the flood before it costs nothing. */
const TAIL_CHARS = 400;

export class Heard {
  bytes = 0;
  #tail = "";
  #waiting: { text: string; resolve: () => void } | null = null;

  add(data: Uint8Array | string): void {
    this.bytes += data.length;
    const end =
      typeof data === "string"
        ? data.slice(-TAIL_CHARS)
        : Buffer.from(data.buffer, data.byteOffset, data.byteLength)
            .subarray(-TAIL_CHARS)
            .toString("latin1");
    this.#tail = (this.#tail + end).slice(-TAIL_CHARS);
    this.#look();
  }

  /** Resolves when `text` has come since the last wait. */
  until(text: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting = { text, resolve };
    this.#look();
    return promise;
  }

  #look(): void {
    if (this.#waiting === null || !this.#tail.includes(this.#waiting.text)) return;
    this.#tail = "";
    this.#waiting.resolve();
    this.#waiting = null;
  }
}
