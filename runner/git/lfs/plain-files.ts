import type { Git } from "../git.ts";
import type { RigRepository } from "../mirror.ts";
import { fieldsOfZ, type Oid } from "../porcelain.ts";
import { keptPaths, POINTER_BYTES_MAX, POINTER_START } from "./pointers.ts";

/** So many files are looked at: to be told of the first is enough. */
const FILES_MAX = 200;

/**
 * The files that `head` changed or added since `base`, that Git LFS should keep and git has itself. For people to know;
 * what cannot be found out is left out.
 */
export async function plainFiles(
  git: Git,
  { storeDir: gitDir }: RigRepository,
  base: Oid,
  head: Oid,
): Promise<string[]> {
  const options = ["--raw", "--no-abbrev", "--no-renames", "--diff-filter=AMT", "-z"];
  const changed = await git.run({ gitDir, args: ["diff", ...options, base, head] });
  if (!changed.ok) return [];
  const fields = fieldsOfZ(Buffer.from(changed.result.stdout).toString("latin1"));
  const files = fields.flatMap((line, n) => {
    const blob = /^:\d+ 100\d+ [0-9a-f]+ ([0-9a-f]+) /.exec(line)?.[1];
    const path = fields[n + 1];
    return n % 2 === 0 && blob !== undefined && path !== undefined ? [{ blob, path }] : [];
  });
  const kept = await keptPaths(git, gitDir, head, files.slice(0, FILES_MAX));
  if (!kept.ok) return [];
  const plain: string[] = [];
  for (const { blob, path } of kept.files)
    if (await isPlain(git, gitDir, blob)) plain.push(Buffer.from(path, "latin1").toString("utf8"));
  return plain;
}

/** An empty file is its own pointer. */
async function isPlain(git: Git, gitDir: string, object: string): Promise<boolean> {
  const size = await git.run({ gitDir, args: ["cat-file", "-s", object] });
  if (!size.ok || Number(size.text) === 0) return false;
  if (Number(size.text) > POINTER_BYTES_MAX) return true;
  const blob = await git.run({ gitDir, args: ["cat-file", "blob", object] });
  return blob.ok && !blob.text.startsWith(POINTER_START);
}
