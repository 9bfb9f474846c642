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

/**
 * `subject` is a run id, or a word such as `git` for work outside runs. `part` tells apart what one run starts, so
 * that the end of one never touches another.
 */
export function markOf(owner: string, subject: string, part?: number): string {
  return `${owner}:${subject}${part === undefined ? "" : `/${part}`}`;
}

export type Mark = { owner: string; subject: string; part: number | null };

export function parseMark(mark: string): Mark | null {
  const [, owner, subject, part] = /^([0-9a-f]+):([^/]*)(?:\/(\d+))?$/.exec(mark) ?? [];
  if (owner?.length !== OWNER_CHARS || subject === undefined) return null;
  return { owner, subject, part: part === undefined ? null : Number(part) };
}
