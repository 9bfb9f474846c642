// What must be true of a demo's repository in the end: one landing per bead, each marker once, green gates.
import { dirname, join } from "node:path";
import type { DemoBead } from "../../demo/beads.ts";
import { SAMPLE_GATES } from "../../demo/project-files.ts";
import { tempDir } from "./temp-dir.ts";

/** Bead ids of the first-parent history of main in a bare repository, newest first: one for each landing. */
export async function landedBeads(bare: string): Promise<string[]> {
  const format = "--format=%(trailers:key=Bead,valueonly,separator=%x2C)";
  const text = await output(bare, ["git", "log", "--first-parent", format, "main"]);
  return text.split("\n").filter((line) => line !== "");
}

/** How often each bead's marker line stands in main. */
export async function markerCounts(bare: string, beads: readonly DemoBead[]): Promise<number[]> {
  return Promise.all(
    beads.map(async ({ marker }) => {
      const found = await output(bare, ["git", "grep", "-hF", "-e", marker, "main"]);
      return found.split("\n").filter((line) => line === marker).length;
    }),
  );
}

/** The gates on a fresh clone of main: name and exit code. */
export async function gateCodes(bare: string): Promise<[string, number][]> {
  await using clone = await tempDir("clone");
  await output(clone.path, ["git", "clone", "--quiet", bare, "tree"]);
  // As in a sandbox: the program's own Bun is `bun`.
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}` };
  const codes: [string, number][] = [];
  for (const { name, command } of SAMPLE_GATES) {
    const cwd = join(clone.path, "tree");
    const gate = Bun.spawn(["sh", "-c", command], {
      cwd,
      env,
      stdio: ["ignore", "ignore", "ignore"],
    });
    codes.push([name, await gate.exited]);
  }
  return codes;
}

/** The commit that main is at. */
export async function tipOf(bare: string): Promise<string> {
  return (await output(bare, ["git", "rev-parse", "main"])).trim();
}

/** @throws with what it wrote to stderr; 1 is git grep's word for nothing found */
async function output(cwd: string, argv: string[]): Promise<string> {
  const child = Bun.spawn(argv, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const [out, problem, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code > 1 || problem !== "") throw new Error(`${argv.join(" ")}: ${code} ${problem}`);
  return out;
}
