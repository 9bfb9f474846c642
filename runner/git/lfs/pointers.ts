/** Which files of a commit Git LFS keeps, by its attributes, and what their pointers say. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Git } from "../git.ts";
import { gitFailed } from "../git-errors.ts";
import type { RigRepository } from "../mirror.ts";
import type { Outcome } from "../outcome.ts";
import { fieldsOfZ, type Oid } from "../porcelain.ts";

/** Git LFS takes nothing longer for a pointer. */
export const POINTER_BYTES_MAX = 1_024;
export const POINTER_START = "version https://git-lfs";
/** As Git LFS writes one; sizes that a number holds. */
const POINTER =
  /^version https:\/\/git-lfs\.github\.com\/spec\/v1\noid sha256:([0-9a-f]{64})\nsize (\d{1,15})\n$/;

/** No two at once have one name; what a crash leaves is written over. */
let indexes = 0;

/** `content` is null where the pointer is not one that Git LFS would write today. */
export type Pointer = {
  readonly path: string;
  readonly content: { readonly oid: string; readonly bytes: number } | null;
};

/** Of a commit or tree of the store. */
export async function pointersOf(
  git: Git,
  { storeDir: gitDir }: RigRepository,
  oid: Oid,
): Promise<Outcome<{ pointers: Pointer[] }>> {
  const listed = await git.run({ gitDir, args: ["ls-tree", "-r", "-z", "-l", oid] });
  if (!listed.ok) return gitFailed(listed, "listing files");
  const small = fieldsOfZ(latin1(listed.result.stdout)).flatMap((line) => {
    const [, blob, size, path] = /^100\d+ blob ([0-9a-f]+) +(\d+)\t(.*)$/s.exec(line) ?? [];
    const isSmall = size !== undefined && Number(size) <= POINTER_BYTES_MAX;
    return blob !== undefined && path !== undefined && isSmall ? [{ blob, path }] : [];
  });
  const kept = await keptPaths(git, gitDir, oid, small);
  if (!kept.ok) return kept;
  if (kept.files.length === 0) return { ok: true, pointers: [] };
  const stdin = kept.files.map(({ blob }) => `${blob}\n`).join("");
  const read = await git.run({ gitDir, args: ["cat-file", "--batch"], stdin });
  if (!read.ok) return gitFailed(read, "reading pointers");
  const texts = blobsIn(latin1(read.result.stdout));
  const pointers = kept.files.flatMap(({ path }, n): Pointer[] => {
    const text = texts[n] ?? "";
    if (!text.startsWith(POINTER_START)) return [];
    const [, content, size] = POINTER.exec(text) ?? [];
    const name = Buffer.from(path, "latin1").toString("utf8");
    return content === undefined
      ? [{ path: name, content: null }]
      : [{ path: name, content: { oid: content, bytes: Number(size) } }];
  });
  return { ok: true, pointers };
}

/** Those of the files that the attributes of a commit or tree give to Git LFS. Paths are bytes (latin1 strings). */
export async function keptPaths<T extends { readonly path: string }>(
  git: Git,
  gitDir: string,
  oid: Oid,
  files: readonly T[],
): Promise<Outcome<{ files: T[] }>> {
  if (files.length === 0) return { ok: true, files: [] };
  // Attributes are read from an index: a store has no tree.
  const indexFile = join(gitDir, `lfs-${++indexes}.index`);
  try {
    const read = await git.run({ gitDir, indexFile, args: ["read-tree", oid] });
    if (!read.ok) return gitFailed(read, "reading a commit's files");
    const stdin = Buffer.from(files.map(({ path }) => `${path}\0`).join(""), "latin1");
    const args = ["check-attr", "--cached", "-z", "--stdin", "filter"];
    const said = await git.run({ gitDir, indexFile, args, stdin });
    if (!said.ok) return gitFailed(said, "reading attributes");
    // A path, the attribute, its value, in the order that was asked.
    const fields = latin1(said.result.stdout).split("\0");
    return { ok: true, files: files.filter((_, n) => fields[n * 3 + 2] === "lfs") };
  } finally {
    await rm(indexFile, { force: true });
  }
}

/** Answers of `cat-file --batch`, in order; empty for one that is not there. */
function blobsIn(text: string): string[] {
  const blobs: string[] = [];
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\n", at);
    if (end < 0) break;
    const size = / blob (\d+)$/.exec(text.slice(at, end))?.[1];
    blobs.push(size === undefined ? "" : text.slice(end + 1, end + 1 + Number(size)));
    at = end + 1 + (size === undefined ? 0 : Number(size) + 1);
  }
  return blobs;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
