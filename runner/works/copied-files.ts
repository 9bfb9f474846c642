/**
 * Files of this host that a rig's people want in each tree. They are looked at before the tree is made, so that a
 * refusal leaves nothing, and git never sees them: neither commits nor saved work hold them.
 */
import { constants } from "node:fs";
import { chmod, mkdir, open, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CopiedFile } from "../../protocol/entities/rig-environment.ts";
import type { Git } from "../git/git.ts";
import { gitFailed } from "../git/git-errors.ts";
import type { RigRepository } from "../git/mirror.ts";
import { failure, type Outcome } from "../git/outcome.ts";
import { fieldsOfZ, type Oid } from "../git/porcelain.ts";

export const COPIED_BYTES_MAX = 1024 * 1024;

export type ReadCopy = { readonly to: string; readonly bytes: Uint8Array; readonly mode: number };

/**
 * Reads the files and looks that the commit or tree `oid` has nothing in their places. Error: `copied_file`,
 * which waits for a person.
 */
export async function readCopies(
  git: Git,
  rig: RigRepository,
  oid: Oid,
  copies: readonly CopiedFile[],
): Promise<Outcome<{ files: ReadCopy[] }>> {
  const files: ReadCopy[] = [];
  for (const { from, to } of copies) {
    const free = await isFree(git, rig, oid, to);
    if (!free.ok) return free;
    const read = await readOne(from, to);
    if (!read.ok) return read;
    files.push(read.file);
  }
  return { ok: true, files };
}

/** Whether nothing is in the way at `to`: neither a file there, nor one where a folder has to be. */
async function isFree(
  git: Git,
  rig: RigRepository,
  oid: Oid,
  to: string,
): Promise<Outcome<object>> {
  const parts = to.split("/");
  const above = parts.slice(0, -1).map((_, n) => parts.slice(0, n + 1).join("/"));
  const listed = await git.run({
    gitDir: rig.storeDir,
    args: ["ls-tree", "-z", oid, "--", ...above, to],
    env: { GIT_LITERAL_PATHSPECS: "1" },
  });
  if (!listed.ok) return gitFailed(listed, "looking for a place for copied files");
  for (const line of fieldsOfZ(listed.text)) {
    const [head = "", path = ""] = line.split("\t");
    if (path !== to && head.startsWith("040000")) continue;
    const message =
      path === to
        ? `The repository tracks ${to} itself, so no file of the host is copied there.`
        : `In the repository ${path} is no folder, so ${to} cannot be put into it.`;
    return failure("copied_file", message, "Change the rig's copied files.");
  }
  return { ok: true };
}

async function readOne(from: string, to: string): Promise<Outcome<{ file: ReadCopy }>> {
  const refused = (why: string) =>
    failure(
      "copied_file",
      `${from}, which is to be copied to ${to}, ${why}.`,
      "Mend it on the runner's host, or change the rig's copied files.",
    );
  // Without blocking: what lies there may be a pipe.
  const file = await open(from, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null);
  if (file === null) return refused("cannot be read on the runner's host");
  try {
    const stat = await file.stat();
    if (!stat.isFile()) return refused("is no file");
    if (stat.size > COPIED_BYTES_MAX)
      return refused(`has more than ${COPIED_BYTES_MAX / 1024} KiB`);
    const bytes = await file.readFile();
    const mode = (stat.mode & 0o111) === 0 ? 0o600 : 0o700;
    return { ok: true, file: { to, bytes, mode } };
  } finally {
    await file.close();
  }
}

/** Puts them into a tree that was just checked out from what `readCopies` has looked at; nothing else has run in it. */
export async function writeCopies(treeDir: string, files: readonly ReadCopy[]): Promise<void> {
  for (const { to, bytes, mode } of files) {
    const path = join(treeDir, to);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, bytes, { mode });
    await chmod(path, mode);
  }
}
