import type { FeedChange } from "../core.ts";
import type { Scrub } from "./scrub.ts";

/** What the change feed has come to, as one number. The town's own image is left out: it shows the end of the model's key. */
export class FeedHash {
  #hash = 0n;
  readonly #scrub: Scrub;

  constructor(scrub: Scrub) {
    this.#scrub = scrub;
  }

  add(changes: readonly FeedChange[]): string {
    for (const { version, image } of changes) {
      if (image.kind === "town") continue;
      const text = this.#scrub.text(JSON.stringify([version, image]));
      this.#hash = BigInt(Bun.hash(text, this.#hash));
    }
    return this.#hash.toString(16);
  }
}
