/** What happened, as lines for people and as one number to compare two plays by. */

export class Trace {
  readonly #lines: string[] = [];
  readonly #linesMax: number;
  #hash = 0n;
  #atMs = 0;
  #steps = 0;

  /** `linesMax`: how many of the newest lines are kept; 0 for the number alone. */
  constructor(linesMax: number) {
    this.#linesMax = linesMax;
  }

  /** The same for two plays in which the same happened. */
  get hash(): string {
    return this.#hash.toString(16).padStart(16, "0");
  }

  step(atMs: number, label: string): void {
    this.#atMs = atMs;
    this.#steps += 1;
    this.#hash = Bun.hash.wyhash(`${atMs} ${label}`, this.#hash);
  }

  /** Something worth reading: who, and what. */
  say(who: string, what: string): void {
    this.#hash = Bun.hash.wyhash(`${who} ${what}`, this.#hash);
    if (this.#linesMax === 0) return;
    const seconds = (this.#atMs / 1000).toFixed(3).padStart(10);
    this.#lines.push(`${seconds} s  #${this.#steps}  ${who.padEnd(9)} ${what}`);
    if (this.#lines.length > 2 * this.#linesMax) this.#lines.splice(0, this.#linesMax);
  }

  lines(): string[] {
    return this.#lines.slice(-this.#linesMax || undefined);
  }
}
