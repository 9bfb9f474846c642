/** Ports of this host, given out in blocks: two runs never have the same. */
import type { PortBlock } from "../../protocol/entities/rig-environment.ts";

/** Below those that Linux gives to outgoing connections by itself. */
const FIRST_PORT = 20_000;
const LAST_PORT = 31_999;

export class PortBlocks {
  readonly #isFree: (port: number) => boolean;
  readonly #held = new Set<PortBlock>();
  #next: number;

  /** @param unit chance in [0, 1): runners of one host begin to look at different places */
  constructor(isFree: (port: number) => boolean, unit: number) {
    this.#isFree = isFree;
    this.#next = FIRST_PORT + Math.floor(unit * (LAST_PORT - FIRST_PORT));
  }

  /** A block that nobody listens on now; null when there is none. To be given back. */
  take(count: number): PortBlock | null {
    let looked = 0;
    while (looked <= LAST_PORT - FIRST_PORT) {
      if (this.#next + count - 1 > LAST_PORT) this.#next = FIRST_PORT;
      const block = { first: this.#next, count };
      this.#next += count;
      looked += count;
      if (this.#isMine(block)) continue;
      if (!portsOf(block).every((port) => this.#isFree(port))) continue;
      this.#held.add(block);
      return block;
    }
    return null;
  }

  giveBack(block: PortBlock): void {
    this.#held.delete(block);
  }

  #isMine({ first, count }: PortBlock): boolean {
    return [...this.#held].some(
      (held) => first < held.first + held.count && held.first < first + count,
    );
  }
}

/** Every port of a block. */
export function portsOf({ first, count }: PortBlock): number[] {
  return Array.from({ length: count }, (_, n) => first + n);
}
