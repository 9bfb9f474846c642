/** How full an agent's conversation is, told when it has changed by much, and at the end of each turn. */
import type { ContextUse } from "../../../protocol/entities/context-use.ts";

/** Every model call changes it a little. */
const TOLD_TOKENS = 5_000;

export class ContextWatch {
  readonly #tell: (use: ContextUse) => void;
  #use: ContextUse | null = null;
  #told: ContextUse | null = null;
  #compactions = 0;

  constructor(tell: (use: ContextUse) => void) {
    this.#tell = tell;
  }

  /** The agent has called its model. */
  seen({ tokens, windowTokens }: Pick<ContextUse, "tokens" | "windowTokens">): void {
    this.#use = { tokens, windowTokens, compactions: this.#compactions };
    if (Math.abs(tokens - (this.#told?.tokens ?? 0)) >= TOLD_TOKENS) this.settled();
  }

  /** It goes on from a summary: how long that is its next call tells. */
  compacted(): void {
    this.#compactions += 1;
    if (this.#use === null) return;
    this.#use = { ...this.#use, compactions: this.#compactions };
    this.settled();
  }

  settled(): void {
    if (this.#use === null || Bun.deepEquals(this.#use, this.#told)) return;
    this.#told = this.#use;
    this.#tell(this.#use);
  }
}
