/** Repositories of a tester's own: bare, checked out clean, checked out dirty; and what they look like, byte for byte. */
import { createHash } from "node:crypto";
import { lstat, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { personGit, write } from "../../support/git-rig.ts";

export type Shape = "bare" | "clean" | "dirty";

/** A repository of one commit on `branch`, whose `check.sh` ends with `code`. Returns its path. */
export async function makeRepository(
  dir: string,
  shape: Shape,
  { branch = "main", code = 0 }: { branch?: string; code?: number } = {},
): Promise<string> {
  const work = shape === "bare" ? `${dir}.seed` : dir;
  await mkdir(work, { recursive: true });
  await personGit(work, "init", "--quiet", `--initial-branch=${branch}`);
  await write(work, "README.md", "# Sample\n");
  await write(work, "src/lines.txt", "one\ntwo\n");
  await write(work, "check.sh", `exit ${code}\n`);
  await personGit(work, "add", "-A");
  await personGit(work, "commit", "--quiet", "-m", "Begin");
  if (shape === "dirty") {
    await write(work, "README.md", "# Sample\n\nHalf a sentence that is not com");
    await write(work, "src/untracked.txt", "of the person's own\n");
    await write(work, "src/lines.txt", "one\ntwo\nstaged\n");
    await personGit(work, "add", "src/lines.txt");
  }
  if (shape !== "bare") return work;
  await personGit(dirname(dir), "clone", "--quiet", "--bare", work, dir);
  await rm(work, { recursive: true });
  return dir;
}

/** Branches and tags with what they point to. */
export async function branchesOf(repository: string): Promise<Record<string, string>> {
  const text = await personGit(
    repository,
    "for-each-ref",
    "--format=%(refname) %(objectname)",
    "refs/heads",
    "refs/tags",
  );
  const lines = text.split("\n").filter((line) => line !== "");
  return Object.fromEntries(lines.map((line) => line.split(" ") as [string, string]));
}

/** Digest of every file of a checkout, and of what git keeps for it: index and HEAD. */
export async function checkoutBytes(checkout: string): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  const add = async (path: string): Promise<void> => {
    const { mode } = await lstat(path);
    const digest = createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
    digests[relative(checkout, path)] = `${mode.toString(8)} ${digest}`;
  };
  const entries = await readdir(checkout, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const isGit = relative(checkout, path).split("/")[0] === ".git";
    if (entry.isFile() && !isGit) await add(path);
  }
  await add(join(checkout, ".git", "index"));
  await add(join(checkout, ".git", "HEAD"));
  return digests;
}
