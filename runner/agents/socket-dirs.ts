/**
 * Short private directories for the sockets of runs: a socket's path ends at 107 bytes, so they lie in
 * the system's temporary directory, under a name made from the data directory.
 */
import { lstatSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { randomHex, type Random } from "../clock.ts";

const NAME_BYTES = 4;

export class SocketDirs {
  readonly #base: string;
  readonly #random: Random;

  /** Removes what an earlier start of the same runner left; the data directory's lock must be held. */
  constructor(options: { tmpDir: string; owner: string; random: Random }) {
    this.#base = join(options.tmpDir, `gt-${options.owner}`);
    this.#random = options.random;
    rmSync(this.#base, { recursive: true, force: true });
    mkdirSync(this.#base, { mode: 0o700 });
    const made = lstatSync(this.#base);
    if (!made.isDirectory() || (process.getuid !== undefined && made.uid !== process.getuid())) {
      throw new Error(`${this.#base} belongs to somebody else`);
    }
  }

  open(): string {
    const dir = join(this.#base, randomHex(this.#random, NAME_BYTES));
    mkdirSync(dir, { mode: 0o700 });
    return dir;
  }

  close(dir: string): void {
    rmSync(dir, { recursive: true, force: true });
  }

  closeAll(): void {
    rmSync(this.#base, { recursive: true, force: true });
  }
}
