/** Messages for the agent of a run, until one of its turns begins with them. */
import type { MailFrame } from "../../protocol/runner-frames.ts";

export type Letter = MailFrame["mail"];

export class MailTray {
  readonly #known = new Set<string>();
  #waiting: Letter[] = [];
  #urgent = Promise.withResolvers<void>();

  /** The same message twice is one. */
  push(letter: Letter): void {
    if (this.#known.has(letter.mailId)) return;
    this.#known.add(letter.mailId);
    this.#waiting.push(letter);
    if (letter.mode === "immediate") this.#urgent.resolve();
  }

  /** Resolves when a letter waits for which the turn that runs is to be interrupted. */
  get urgent(): Promise<void> {
    return this.#urgent.promise;
  }

  /** Whether a turn is to begin for what waits; what is only queued goes with a turn that begins anyway. */
  get wantsTurn(): boolean {
    return this.#waiting.some(({ mode }) => mode !== "queue");
  }

  /** All that waits, in order: the turn that begins now has it. */
  take(): Letter[] {
    const taken = this.#waiting;
    this.#waiting = [];
    this.#urgent = Promise.withResolvers<void>();
    return taken;
  }
}

/** How an agent reads its messages. */
export function lettersText(letters: readonly Letter[]): string {
  return letters.map(({ from, text }) => `Message from ${from}:\n${text}`).join("\n\n");
}
