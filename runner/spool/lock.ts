/** The lock of a data directory: an exclusive transaction on a file that is never written otherwise. */
import { Database } from "bun:sqlite";
import { sleep, type Clock } from "../clock.ts";
import { refuse, type Result } from "../../protocol/error.ts";

/** Held until `release`; keep a reference, for a collected handle is a released lock. */
export interface DirectoryLock {
  release(): void;
}

const LOOK_EVERY_MS = 50;

/** Takes the lock at `path` when it is free, within `waitMs`. Error: `twin_runner` when it is still held then. */
export async function awaitDirectory(
  path: string,
  { waitMs, clock }: { waitMs: number; clock: Clock },
): Promise<Result<DirectoryLock>> {
  const untilMs = clock.mono() + waitMs;
  for (;;) {
    const lock = lockDirectory(path);
    if (lock.ok || clock.mono() >= untilMs) return lock;
    await sleep(clock, LOOK_EVERY_MS);
  }
}

/** Takes the lock at `path`. Error: `twin_runner` when another process holds it. */
export function lockDirectory(path: string): Result<DirectoryLock> {
  const db = new Database(path, { create: true });
  try {
    db.run("pragma busy_timeout = 0");
    db.run("begin exclusive");
  } catch (error) {
    db.close();
    if (!(error instanceof Error) || !("code" in error) || error.code !== "SQLITE_BUSY")
      throw error;
    return refuse(
      "twin_runner",
      `Another runner works in this data directory (${path} is held). Stop it first, or give this one a directory of its own.`,
    );
  }
  return {
    ok: true,
    value: {
      release: () => {
        db.run("rollback");
        db.close();
      },
    },
  };
}
