/**
 * What a sandbox brings along: the program's own Bun, the small parent as one file, a `bun` command for gates, and a script
 * that copies an agent program's database.
 * Written once into the runner's data directory; bound read-only into every sandbox.
 */
import { chmod, copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { shellWord } from "../process/shell-word.ts";

export type Toolbox = {
  /** Runs scripts; a compiled program does so only with BUN_BE_BUN set. */
  runtime: string;
  compiled: boolean;
  entry: string;
  /** A directory with an executable `bun`, for PATH. */
  binDir: string;
  /** git's settings for users of their own, who read repositories that are not theirs. */
  gitConfig: string;
};

/** Beside the `bun` command, which runs it. */
export const DATABASE_COPY = "database-copy.ts";

/** Places inside a sandbox. */
export const INSIDE = {
  entry: "/opt/gt/entry.ts",
  runtime: "/opt/gt/runtime/bun",
  binDir: "/opt/gt/bin",
} as const;

/**
 * Writes the toolbox into `dir`.
 * `runtime` is the running program (process.execPath); `compiled` says that it is a compiled one.
 */
export async function prepareToolbox(
  dir: string,
  { runtime, compiled }: { runtime: string; compiled: boolean },
): Promise<Toolbox> {
  const binDir = join(dir, "bin");
  const entry = join(dir, "entry.ts");
  const gitConfig = join(dir, "gitconfig");
  await mkdir(binDir, { recursive: true });
  // A bundled program has it beside itself.
  await copyFile(new URL("./entry.ts", import.meta.url), entry);
  await writeFile(gitConfig, "[safe]\n\tdirectory = *\n");
  await copyFile(new URL(`./${DATABASE_COPY}`, import.meta.url), join(binDir, DATABASE_COPY));
  await writeShim(join(binDir, "bun"), runtime);
  return { runtime, compiled, entry, binDir, gitConfig };
}

/** Works on both sides of the wall: inside, the runtime has a fixed place. */
async function writeShim(path: string, runtime: string): Promise<void> {
  const lines = [
    "#!/bin/sh",
    `bun=${INSIDE.runtime}`,
    `[ -x "$bun" ] || bun=${shellWord(runtime)}`,
    'BUN_BE_BUN=1 exec "$bun" "$@"',
    "",
  ];
  await writeFile(path, lines.join("\n"));
  await chmod(path, 0o755);
}
