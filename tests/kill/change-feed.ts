// The town's change feed, followed by a test: the last image of every object, and waiting for a moment in it.
import { TownClient } from "../../cli/town-client.ts";
import { readTownFile } from "../../cli/town-file.ts";
import type { AnyImage, Image, ImageKind } from "../../protocol/index.ts";

const PATIENCE_MS = 120_000;

export class ChangeFeed implements AsyncDisposable {
  readonly #town: TownClient;
  readonly #images = new Map<string, AnyImage>();
  readonly #looks = new Set<() => void>();
  readonly #ended: Promise<void>;
  #over = false;

  private constructor(town: TownClient) {
    this.#town = town;
    this.#ended = town
      .follow("changes", undefined, ({ items }) => {
        for (const item of items) this.#images.set(`${item.kind} ${item.id}`, item);
        this.#look();
      })
      .then(() => {
        this.#over = true;
        this.#look();
      });
  }

  /** Follows the town that runs on a data directory, as its owner. */
  static async open(dataDir: string): Promise<ChangeFeed> {
    return new ChangeFeed(await TownClient.connect(readTownFile(dataDir)));
  }

  /** The images of a kind, as last seen. */
  all<K extends ImageKind>(kind: K): Image<K>[] {
    const held = [...this.#images.values()].filter((item) => item.kind === kind);
    return held.flatMap(({ value }) => (value === null ? [] : [value as Image<K>]));
  }

  /** Waits until `see` finds what it looks for in the images. Throws when the feed ends before, or patience does. */
  async until<T>(what: string, see: (feed: ChangeFeed) => T | undefined): Promise<T> {
    const found = Promise.withResolvers<T>();
    const look = (): void => {
      const seen = see(this);
      if (seen !== undefined) found.resolve(seen);
      else if (this.#over) found.reject(new Error(`the feed ended before ${what}`));
    };
    const late = new Error(`not within ${PATIENCE_MS / 1000} s: ${what}`);
    const timer = setTimeout(() => found.reject(late), PATIENCE_MS);
    this.#looks.add(look);
    look();
    try {
      return await found.promise;
    } finally {
      clearTimeout(timer);
      this.#looks.delete(look);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#town.close();
    await this.#ended;
  }

  #look(): void {
    for (const look of this.#looks) look();
  }
}
