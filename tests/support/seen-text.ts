// What a terminal has printed so far, and the wait for something in it.

/** A flood is counted, and its end looked at. */
const CHARS_KEPT = 64 * 1024;
/** Generous, for a busy machine: what is awaited ends the wait. */
const AWAIT_MS = 25_000;

export class SeenText {
  #text = "";
  readonly #decoder = new TextDecoder();
  #waiting: (() => void)[] = [];
  bytes = 0;

  add(data: Uint8Array): void {
    this.bytes += data.byteLength;
    this.#text = (this.#text + this.#decoder.decode(data, { stream: true })).slice(-CHARS_KEPT);
    for (const look of this.#waiting.splice(0)) look();
  }

  get text(): string {
    return this.#text;
  }

  /** Forgets what came until now. */
  clear(): void {
    this.#text = "";
  }

  /** Resolves with the first match in what has come since `clear`. Fails with what did come, when it does not. */
  async until(pattern: RegExp): Promise<RegExpMatchArray> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const end = JSON.stringify(this.#text.slice(-2_000));
      late.reject(new Error(`${pattern} never came: ${end}`));
    }, AWAIT_MS);
    try {
      for (;;) {
        const match = pattern.exec(this.#text);
        if (match !== null) return match;
        const more = new Promise<void>((resolve) => void this.#waiting.push(resolve));
        await Promise.race([more, late.promise]);
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
