/**
 * The filter with which git puts contents that Git LFS keeps into a tree, and pointers back into commits. It knows only
 * what lies in the rig's mirror, and asks nobody: it also runs in sandboxes, where there is no network. Where anything of
 * it fails, git takes the file as it is.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { shellWord } from "../../process/shell-word.ts";
import { gitNetworkTimeoutMs } from "../git.ts";

type Mirror = { readonly mirrorDir: string };
/** Of a git that reads or writes the files of a tree. */
type FilterRequest = { config?: Record<string, string>; timeoutMs?: number };

/** Where Git LFS keeps the contents that a mirror has. */
export function lfsFolder(mirrorDir: string): string {
  return join(mirrorDir, "lfs");
}

export function contentPath(mirrorDir: string, oid: string): string {
  return join(lfsFolder(mirrorDir), "objects", oid.slice(0, 2), oid.slice(2, 4), oid);
}

/** For who writes a tree: `contents` in place of pointers, where the mirror has them. */
export function writingFilter(mirror: Mirror, contents: boolean): FilterRequest {
  return filterOf(mirror, contents ? ["clean", "smudge"] : ["clean"]);
}

/** For who reads one: contents that the mirror has are pointers again. */
export function readingFilter(mirror: Mirror): FilterRequest {
  return filterOf(mirror, ["clean"]);
}

/** A process for each such file, and all its bytes: it takes longer than git alone. */
function filterOf({ mirrorDir }: Mirror, ways: readonly (keyof typeof WAYS)[]): FilterRequest {
  if (!existsSync(lfsFolder(mirrorDir))) return {};
  const tools = shared(mirrorDir);
  const commands = ways.map((way) => [`filter.lfs.${way}`, `${tools} ${WAYS[way]}`]);
  const config = { ...Object.fromEntries(commands), "filter.lfs.required": "false" };
  return { config, timeoutMs: gitNetworkTimeoutMs };
}

/** `at OID`: where a content lies; `digest FILE`: its OID; `pointer OID FILE`: its pointer, as Git LFS writes it. */
function shared(mirrorDir: string): string {
  const objects = shellWord(join(lfsFolder(mirrorDir), "objects"));
  return [
    `at() { r=\${1#??}; q=\${r#??}; printf "%s/%s/%s/%s" ${objects} "\${1%"$r"}" "\${r%"$q"}" "$1"; };`,
    'digest() { { sha256sum <"$1" || shasum -a 256 <"$1"; } 2>/dev/null | cut -c 1-64; };',
    'pointer() { n=$(wc -c <"$2") || return 1; printf "version https://git-lfs.github.com/spec/v1\\noid sha256:%s\\nsize %s\\n" "$1" "$((n))"; };',
  ].join(" ");
}

// Another pointer than the one that Git LFS writes would come back changed: it stays what it is. A mirror's file that a
// disk has not kept whole is no content.
const SMUDGE = [
  "s() { t=$(mktemp) || exit 1",
  'cat >"$t" || { rm -f "$t"; exit 1; }',
  'o=$(head -c 200 "$t" | sed -n "2s/^oid sha256:\\([0-9a-f]\\{64\\}\\)$/\\1/p")',
  'p=$(at "$o")',
  'if [ -n "$o" ] && [ -r "$p" ] && pointer "$o" "$p" | cmp -s - "$t" && [ "$(digest "$p")" = "$o" ]; then cat "$p"; else cat "$t"; fi',
  'e=$?; rm -f "$t"; return $e; };',
].join("; ");

// What the mirror does not have is somebody's work: it is kept as it is.
const CLEAN = [
  'c() { o=$(digest "$1")',
  'p=$(at "$o")',
  'if [ -n "$o" ] && [ -r "$p" ] && cmp -s "$1" "$p"; then cat >/dev/null && pointer "$o" "$1"; else cat; fi; };',
].join("; ");

const WAYS = { clean: `${CLEAN} c %f`, smudge: `${SMUDGE} s` };
