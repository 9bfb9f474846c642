// Bundles main.ts into dist/program, which starts in half the time of its sources. Names and lines stay readable, for
// the log's sake. The new tree replaces the old one in one rename.
import { copyFile, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Bundles the program of a checkout. What is wrong with the sources comes back as sentences, none when it is built. */
export async function buildProgram(root: string): Promise<string[]> {
  const outDir = join(root, "dist", "program");
  await mkdir(dirname(outDir), { recursive: true });
  const fresh = await mkdtemp(`${outDir}.`);
  try {
    const built = await Bun.build({
      entrypoints: [join(root, "main.ts")],
      outdir: fresh,
      target: "bun",
      splitting: true,
      minify: { syntax: true, whitespace: false, identifiers: false },
      throw: false,
    });
    if (!built.success) return built.logs.map(({ message }) => message);
    const worker = await buildWorker(root, fresh);
    if (worker.length > 0) return worker;
    // Not imported: they run in a sandbox, bound there as files of their own.
    for (const name of ["entry.ts", "database-copy.ts"])
      await copyFile(join(root, "runner", "sandbox", name), join(fresh, name));
    await rm(outDir, { recursive: true, force: true });
    await rename(fresh, outDir);
    return [];
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** The thread of the screens, as one file beside the program. */
async function buildWorker(root: string, outdir: string): Promise<string[]> {
  const built = await Bun.build({
    entrypoints: [join(root, "runner", "pty", "screen-worker.ts")],
    outdir,
    naming: "[name].[ext]",
    target: "bun",
    minify: { syntax: true, whitespace: false, identifiers: false },
    throw: false,
  });
  return built.success ? [] : built.logs.map(({ message }) => message);
}

if (import.meta.main) {
  const messages = await buildProgram(dirname(import.meta.dir));
  for (const message of messages) console.error(message);
  process.exit(messages.length === 0 ? 0 : 1);
}
