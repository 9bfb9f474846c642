/** Chance from a seed: the same calls in the same order draw the same. Not for secrets. */
export class Draw {
  #state: number;

  /** @param purpose keeps the draws of one use apart from those of another under the same seed */
  constructor(seed: number, purpose: string) {
    this.#state = Number(Bun.hash.wyhash(`${purpose} ${seed}`) & 0xffffffffn);
  }

  /** A whole number from 0 to `limit` - 1 (mulberry32). */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("nothing to draw from");
    return item;
  }

  /** All of `items`, in drawn order. */
  shuffle<T>(items: readonly T[]): T[] {
    const left = [...items];
    const drawn: T[] = [];
    while (left.length > 0) drawn.push(...left.splice(this.below(left.length), 1));
    return drawn;
  }

  hex(digits: number): string {
    return Array.from({ length: digits }, () => this.below(16).toString(16)).join("");
  }
}
