/** What a repository says of files whose contents Git LFS keeps outside of git. */
import type { RigRepository } from "../git/mirror.ts";
import type { Oid } from "../git/porcelain.ts";
import type { Works } from "./works.ts";

const BYTES_READ = 60_000;
/** So many patterns are told. */
const PATTERNS_MAX = 20;

/** Patterns of a `.gitattributes` text whose files go through LFS; one that a later line takes out again is left out. */
export function lfsPatterns(text: string): string[] {
  const found = new Set<string>();
  for (const line of text.split("\n")) {
    // A pattern with spaces is in quotes.
    const [, quoted, bare, rest = ""] = /^\s*(?:"([^"]+)"|([^#\s"]\S*))(\s.*)?$/.exec(line) ?? [];
    const pattern = quoted ?? bare;
    if (pattern === undefined) continue;
    if (/\sfilter=lfs(\s|$)/.test(rest)) found.add(pattern);
    else if (/\s(filter=|[-!]filter(\s|$))/.test(rest)) found.delete(pattern);
  }
  return [...found];
}

/** What the file at the top of a commit says of LFS; nothing where there is no such file, or it cannot be read. */
export async function lfsPatternsIn(
  { browse }: Pick<Works, "browse">,
  rig: RigRepository,
  oid: Oid,
): Promise<string[]> {
  const wish = { path: ".gitattributes", offset: 0, bytes: BYTES_READ, commits: 0 };
  const looked = await browse.look(rig, { ref: oid, oid }, wish);
  // What is to be said about LFS holds up nobody's work.
  if (!looked.ok || looked.found.kind !== "file") return [];
  return lfsPatterns(looked.found.text).slice(0, PATTERNS_MAX);
}
