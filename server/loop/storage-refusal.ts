/** What is answered when the disk took nothing of a tick. */
import { refuse, type Result } from "../../protocol/index.ts";

const STORAGE = /^SQLITE_(FULL|IOERR|READONLY|BUSY)/;

/**
 * Whether the disk failed, and not the code. It undoes the whole tick: SQLite may have ended the transaction with its
 * savepoints, and what went on would be half of something.
 */
export function isStorageFailure(bug: unknown): boolean {
  return bug instanceof Error && "code" in bug && STORAGE.test(String(bug.code));
}

/** The refusal for what `bug` kept from being written, or null when it is a bug. All of the tick was undone. */
export function storageRefusal(bug: unknown): Extract<Result<never>, { ok: false }> | null {
  if (!isStorageFailure(bug)) return null;
  return refuse(
    "busy",
    "The town cannot write to its disk, and nothing of this was done. Make room there, then try again.",
    { retryable: true },
  );
}
