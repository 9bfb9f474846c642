/**
 * The mark every child carries in its environment, so that a runner finds what a dead one left.
 * It says which data directory and which run a process belongs to, and nothing else.
 */
import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";

export const MARK_VARIABLE = "GASTOWN_MARK";
const OWNER_CHARS = 16;

/** Owner part of a mark: a hash of the real path of the runner's data directory, which must exist. */
export function markOwner(dataDir: string): string {
  return createHash("sha256").update(realpathSync(dataDir)).digest("hex").slice(0, OWNER_CHARS);
}

/** `subject` is a run id, or a word such as `git` for work outside runs. */
export function markOf(owner: string, subject: string): string {
  return `${owner}:${subject}`;
}

export function parseMark(mark: string): { owner: string; subject: string } | null {
  const at = mark.indexOf(":");
  return at === OWNER_CHARS ? { owner: mark.slice(0, at), subject: mark.slice(at + 1) } : null;
}
