/** Takes the key out of what an endpoint says, wherever its pieces are cut. Holds back only what may be the key's beginning. */

const CUT = Buffer.from("[key]");

export class KeyCut {
  readonly #key: Buffer;
  #held: Buffer = Buffer.alloc(0);

  /** @param key "" where there is none */
  constructor(key: string) {
    this.#key = Buffer.from(key);
  }

  /** What of it may be passed on by now; perhaps nothing. */
  next(piece: Uint8Array): Uint8Array {
    const key = this.#key;
    if (key.length === 0) return piece;
    let data = Buffer.concat([this.#held, piece]);
    const clean: Buffer[] = [];
    for (let at = data.indexOf(key); at !== -1; at = data.indexOf(key)) {
      clean.push(data.subarray(0, at), CUT);
      data = data.subarray(at + key.length);
    }
    const end = data.length - this.#begun(data);
    this.#held = data.subarray(end);
    clean.push(data.subarray(0, end));
    return clean.length === 1 ? data.subarray(0, end) : Buffer.concat(clean);
  }

  /** What was held back: no more follows. */
  rest(): Uint8Array {
    return this.#held;
  }

  /** How many bytes at the end of `data` are the key's beginning. */
  #begun(data: Buffer): number {
    const key = this.#key;
    let at = Math.max(0, data.length - key.length + 1);
    for (at = data.indexOf(key[0] ?? 0, at); at !== -1; at = data.indexOf(key[0] ?? 0, at + 1))
      if (data.subarray(at).equals(key.subarray(0, data.length - at))) return data.length - at;
    return 0;
  }
}
