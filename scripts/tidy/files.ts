// Which files of the tree are ours, and which of them are sources, tests and documents.
import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** Top folders and files with TypeScript of ours. */
export const sourceRoots = [
  "main.ts",
  "protocol",
  "server",
  "runner",
  "web",
  "demo",
  "scripted",
  "sim",
  "cli",
  "scripts",
  "tests",
];

const skipped = new Set([".git", ".toolchain", "node_modules", "dist", "coverage", "test-results"]);

/** Every file of the tree at `root` that is ours, as paths with slashes relative to it, sorted. */
export async function listFiles(root: string): Promise<string[]> {
  const found: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      if (skipped.has(entry.name)) continue;
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile()) found.push(path);
    }
  };
  await walk("");
  return found.sort();
}

export function isTypeScript(path: string): boolean {
  return /\.tsx?$/.test(path) && !path.endsWith(".d.ts") && !path.includes("/fixtures/");
}

export function isTest(path: string): boolean {
  return isTypeScript(path) && (/\.(test|contract)\.tsx?$/.test(path) || path.startsWith("tests/"));
}

/** A source: TypeScript of ours that is neither a test nor generated. */
export function isSource(path: string): boolean {
  return (
    isTypeScript(path) &&
    !isTest(path) &&
    !path.includes(".generated.") &&
    sourceRoots.some((name) => path === name || path.startsWith(`${name}/`))
  );
}

/** A file read once, for every check that looks at it. */
export interface TextFile {
  path: string;
  text: string;
}

const readable =
  /\.(tsx?|mjs|json|toml|md|css|html|svg|txt|sql|ya?ml|sh)$|^gastown$|^Dockerfile$|^\.ci\/run$/;

/** The texts of the tree at `root` that the checks look at. The lock file is left out: a tool writes it. */
export async function readTexts(root: string): Promise<TextFile[]> {
  const paths = (await listFiles(root)).filter(
    (path) => readable.test(path) && path !== "bun.lock",
  );
  return Promise.all(
    paths.map(async (path) => ({ path, text: await Bun.file(join(root, path)).text() })),
  );
}
