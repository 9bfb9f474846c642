/** Cuts a byte stream into lines of bounded length. */

export class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #charsMax: number;
  readonly #decoder = new TextDecoder();
  #rest = "";

  /** A line longer than `charsMax` is delivered in pieces of that length. */
  constructor(onLine: (line: string) => void, charsMax: number) {
    this.#onLine = onLine;
    this.#charsMax = charsMax;
  }

  append(chunk: Uint8Array): void {
    this.#take(this.#decoder.decode(chunk, { stream: true }));
  }

  /** Delivers what is left without a line end. */
  end(): void {
    this.#take(this.#decoder.decode());
    if (this.#rest !== "") this.#onLine(this.#rest);
    this.#rest = "";
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#deliver(line);
    while (this.#rest.length > this.#charsMax) {
      this.#onLine(this.#rest.slice(0, this.#charsMax));
      this.#rest = this.#rest.slice(this.#charsMax);
    }
  }

  #deliver(line: string): void {
    for (let at = 0; at === 0 || at < line.length; at += this.#charsMax)
      this.#onLine(line.slice(at, at + this.#charsMax));
  }
}
