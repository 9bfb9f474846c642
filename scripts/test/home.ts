// The home that tests see as their starter's.
import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { tempDir, type TempDir } from "../../tests/support/temp-dir.ts";

const OTHERS = 0o077;

/** Null where the starter's own serves. One that other users may read hides nothing from them, which tests look for. */
export async function privateHome(): Promise<TempDir | null> {
  const isOpen = ((await stat(homedir())).mode & OTHERS) !== 0;
  return isOpen ? tempDir("test-home") : null;
}
