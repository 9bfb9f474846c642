// Keeps one program of Gastown running: what is killed is started again.
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";

export interface Keeping {
  name: string;
  /** After `./gastown`. */
  args: readonly string[];
  env: Record<string, string>;
  /** Where what it prints goes. */
  dir: string;
  /** From its end to the next start. */
  restartMs: () => number;
}

export class Keeper {
  readonly #root: string;
  readonly #keeping: Keeping;
  #child: Bun.Subprocess | null = null;
  #ended: Promise<void> = Promise.resolve();
  #stopping = false;
  starts = 0;

  constructor(root: string, keeping: Keeping) {
    this.#root = root;
    this.#keeping = keeping;
    this.#ended = this.#keep();
  }

  get name(): string {
    return this.#keeping.name;
  }

  /** Null between two starts. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Ends it as a person does, and waits; after `graceMs` it is killed. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    this.#child?.kill("SIGCONT");
    this.#child?.kill("SIGTERM");
    const late = setTimeout(() => this.#child?.kill("SIGKILL"), graceMs);
    await this.#ended;
    clearTimeout(late);
  }

  async #keep(): Promise<void> {
    const { name, args, env, dir, restartMs } = this.#keeping;
    while (!this.#stopping) {
      const out = openSync(join(dir, `${name}.out`), "a", 0o600);
      const child = Bun.spawn([join(this.#root, "gastown"), ...args], {
        env: { ...process.env, ...env },
        stdio: ["ignore", out, out],
      });
      closeSync(out);
      this.starts++;
      this.#child = child;
      await child.exited;
      this.#child = null;
      if (!this.#stopping) await Bun.sleep(restartMs());
    }
  }
}
