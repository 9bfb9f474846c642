/**
 * Large things that are not rows: files of the data directory, named by the digest of what is in them. They are written before
 * the row that names them, and what no row names is removed.
 */
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

export interface Blobs {
  /** On disk when it resolves. The same digest twice is one blob. */
  put(sha256: string, bytes: Uint8Array): Promise<void>;
  /** Null when it is not there. */
  get(sha256: string): Promise<Uint8Array | null>;
  drop(sha256: string): Promise<void>;
  /** Removes all but these, and what a killed town left half written. */
  keepOnly(named: ReadonlySet<string>): Promise<void>;
}

/** Blobs as files of a folder, readable by their owner alone. */
export function fileBlobs(dir: string): Blobs {
  const pathOf = (sha256: string) => join(dir, sha256);
  // One change at a time: what is written again while it is removed is there afterwards.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = (act: () => Promise<void>): Promise<void> => {
    const mine = last.then(act);
    last = mine.catch(() => undefined);
    return mine;
  };
  return {
    put: (sha256, bytes) => inTurn(() => write(dir, sha256, bytes)),
    async get(sha256) {
      try {
        return await readFile(pathOf(sha256));
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    drop: (sha256) => inTurn(() => rm(pathOf(sha256), { force: true })),
    keepOnly: (named) =>
      inTurn(async () => {
        for (const name of await namesIn(dir))
          if (!named.has(name)) await rm(pathOf(name), { force: true });
      }),
  };
}

async function write(dir: string, sha256: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const half = join(dir, `${sha256}.half`);
  try {
    const file = await open(half, "w", 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(half, join(dir, sha256));
  } catch (error) {
    // A full disk needs the room.
    await rm(half, { force: true });
    throw error;
  }
}

/** Blobs that end with whoever holds them. */
export function memoryBlobs(): Blobs {
  const held = new Map<string, Uint8Array>();
  return {
    put: (sha256, bytes) => Promise.resolve(void held.set(sha256, bytes)),
    get: (sha256) => Promise.resolve(held.get(sha256) ?? null),
    drop: (sha256) => Promise.resolve(void held.delete(sha256)),
    keepOnly: (named) => {
      for (const sha256 of held.keys()) if (!named.has(sha256)) held.delete(sha256);
      return Promise.resolve();
    },
  };
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
