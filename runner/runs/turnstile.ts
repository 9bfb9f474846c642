/** Lets those who work on one tree pass one at a time, and nobody any more once it is closed. */
export class Turnstile {
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** Null, without a call of `act`, when it was closed first. */
  async pass<T>(act: () => Promise<T>): Promise<T | null> {
    const before = this.#last;
    const mine = (async () => {
      await before.catch(() => null);
      return this.#closed ? null : act();
    })();
    this.#last = mine;
    return mine;
  }

  /** Lets out whoever is inside; those who still wait are turned away. */
  async close(): Promise<void> {
    this.#closed = true;
    // Its own caller hears of a failure.
    await this.#last.catch(() => null);
  }
}
