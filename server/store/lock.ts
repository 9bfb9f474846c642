/** One town per data directory: an exclusive transaction on a file nothing else is kept in. Bun has no flock. */
import { Database } from "bun:sqlite";
import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";

/** Held until `release` or the process ends; keep a reference, a collected handle is a released lock. */
export interface TownLock {
  release(): void;
}

/** Takes the lock of a data directory; null when another process holds it. */
export function lockTown(dataDir: string): TownLock | null {
  const path = join(dataDir, "town.lock");
  // Only when it is not there: closing a file drops the locks this process holds on it.
  if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
  const database = new Database(path, { create: false, readwrite: true });
  try {
    database.run("PRAGMA busy_timeout = 0");
    database.run("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (error instanceof Error && "code" in error && error.code === "SQLITE_BUSY") return null;
    throw error;
  }
  return {
    release() {
      database.run("ROLLBACK");
      database.close();
    },
  };
}
