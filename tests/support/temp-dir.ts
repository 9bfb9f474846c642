// A folder of a test's own, removed at the end of the scope: `await using dir = await tempDir("spool");`
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TempDir extends AsyncDisposable {
  path: string;
}

/** `label` appears in the folder's name. The path has no symlink in it. */
export async function tempDir(label: string): Promise<TempDir> {
  const path = await realpath(await mkdtemp(join(tmpdir(), `gastown-${label}-`)));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
