/** Output of a process kept within a limit: the head and the tail stay, the middle is counted and dropped. */

export class BoundedOutput {
  readonly #headMax: number;
  readonly #tailMax: number;
  #head: Uint8Array[] = [];
  #headBytes = 0;
  #tail: Uint8Array[] = [];
  #tailBytes = 0;
  #droppedBytes = 0;

  constructor(bytesMax: number) {
    this.#headMax = Math.ceil(bytesMax / 2);
    this.#tailMax = Math.floor(bytesMax / 2);
  }

  get truncated(): boolean {
    return this.#droppedBytes > 0;
  }

  append(chunk: Uint8Array): void {
    const room = this.#headMax - this.#headBytes;
    if (room > 0) {
      const part = chunk.slice(0, room);
      this.#head.push(part);
      this.#headBytes += part.byteLength;
    }
    if (chunk.byteLength > room) this.#appendTail(chunk.slice(Math.max(room, 0)));
  }

  /** What was kept, head then tail. Exact when nothing was dropped. */
  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(Buffer.concat([...this.#head, ...this.#tail]));
  }

  /** Text so far. Where bytes were dropped a line says how many. */
  text(): string {
    const decoder = new TextDecoder();
    if (!this.truncated) return decoder.decode(this.bytes());
    const [head, tail] = [this.#head, this.#tail].map((part) =>
      decoder.decode(Buffer.concat(part)),
    );
    return `${head}\n[... ${this.#droppedBytes} bytes left out ...]\n${tail}`;
  }

  #appendTail(chunk: Uint8Array): void {
    this.#tail.push(chunk);
    this.#tailBytes += chunk.byteLength;
    while (this.#tailBytes > this.#tailMax) {
      const first = this.#tail[0];
      if (first === undefined) return;
      const excess = this.#tailBytes - this.#tailMax;
      const cut = Math.min(excess, first.byteLength);
      if (cut === first.byteLength) this.#tail.shift();
      else this.#tail[0] = first.slice(cut);
      this.#tailBytes -= cut;
      this.#droppedBytes += cut;
    }
  }
}
