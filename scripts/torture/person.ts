// A person's program that is not put off: what it was answered counts, and what was not answered it says again.
import { TownClient } from "../../cli/town-client.ts";
import { readTownFile } from "../../cli/town-file.ts";
import type { Ack, CommandInput, CommandName, CommandValue } from "../../protocol/index.ts";

const ANSWER_MS_MAX = 15_000;
const AGAIN_MS = 500;

export class Person {
  readonly #dataDir: string;
  #town: TownClient | null = null;
  #keys = 0;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** Asks under one key until the town has answered. Throws when it refuses, or after `patienceMs`. */
  async ask<N extends CommandName>(
    name: N,
    body: CommandInput<N>,
    patienceMs = 600_000,
  ): Promise<CommandValue<N>> {
    const key = `torture-${this.#keys++}`;
    const untilMs = performance.now() + patienceMs;
    for (;;) {
      const ack = await this.#try(name, body, key);
      if (ack?.ok === true) return ack.value as CommandValue<N>;
      if (ack !== null && !ack.error.retryable) throw new Error(`${name}: ${ack.error.message}`);
      if (performance.now() >= untilMs) throw new Error(`${name}: the town does not answer`);
      await Bun.sleep(AGAIN_MS);
    }
  }

  close(): void {
    this.#town?.close();
    this.#town = null;
  }

  /** Null when nothing was answered: it may have been done or not. */
  async #try(name: string, body: unknown, key: string): Promise<Ack | null> {
    try {
      this.#town ??= await TownClient.connect(readTownFile(this.#dataDir));
      const late = Bun.sleep(ANSWER_MS_MAX).then(() => null);
      const ack = await Promise.race([this.#town.ask(name, body, key), late]);
      if (ack === null) this.close();
      return ack;
    } catch {
      this.close();
      return null;
    }
  }
}
