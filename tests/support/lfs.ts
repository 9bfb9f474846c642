/** What Git LFS keeps of a file: its pointer in git, its contents beside it. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { personGit, write } from "./git-rig.ts";

export const ATTRIBUTES = "*.bin filter=lfs diff=lfs merge=lfs -text\n";

export function lfsOid(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}

export function pointerOf(text: string): string {
  const size = Buffer.byteLength(text);
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${lfsOid(text)}\nsize ${size}\n`;
}

/** Where a repository's Git LFS has a content. */
export function lfsPath(gitDir: string, oid: string): string {
  return join(gitDir, "lfs", "objects", oid.slice(0, 2), oid.slice(2, 4), oid);
}

/** Commits files that Git LFS keeps to a bare remote, whose own store has their contents. */
export async function keepFiles(bare: string, files: Record<string, string>): Promise<void> {
  const work = `${bare}.lfs-work`;
  await personGit(dirname(bare), "clone", "--quiet", bare, work);
  await write(work, ".gitattributes", ATTRIBUTES);
  for (const [path, text] of Object.entries(files)) {
    await write(work, path, pointerOf(text));
    const kept = lfsPath(bare, lfsOid(text));
    await mkdir(dirname(kept), { recursive: true });
    await writeFile(kept, text);
  }
  await personGit(work, "add", "-A");
  await personGit(work, "commit", "--quiet", "-m", "Large files");
  await personGit(work, "push", "--quiet", "origin", "HEAD:main");
  await rm(work, { recursive: true });
}
