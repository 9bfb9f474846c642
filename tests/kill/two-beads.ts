// The demo of two dependent beads in a data directory, and what must be true of its repository in the end.
import { join } from "node:path";
import type { DemoBead } from "../../demo/beads.ts";
import { twoBeadScript } from "../../demo/demo-script.ts";
import { SAMPLE_GATES } from "../../demo/project-files.ts";
import { writeDemoRecord } from "../../demo/record.ts";
import { createSampleRepository, type SampleRepository } from "../../demo/sample-repository.ts";
import { tempDir } from "../support/temp-dir.ts";

export interface TwoBeads {
  sample: SampleRepository;
  beads: readonly DemoBead[];
}

/** Makes the demo that `gastown up --data` plays, before its first start. */
export async function prepareTwoBeads(dataDir: string, seed: number): Promise<TwoBeads> {
  const sample = await createSampleRepository({ dir: join(dataDir, "sample"), seed });
  await writeDemoRecord(dataDir, { seed, script: "two-beads", repository: sample.bare });
  return { sample, beads: twoBeadScript(seed).beads };
}

/** Bead ids of the first-parent history of main, newest first: one for each landing. */
export async function landedBeads({ sample }: TwoBeads): Promise<string[]> {
  const format = "--format=%(trailers:key=Bead,valueonly,separator=%x2C)";
  const text = await output(sample.bare, ["git", "log", "--first-parent", format, "main"]);
  return text.split("\n").filter((line) => line !== "");
}

/** How often each bead's marker line stands in main. */
export async function markerCounts({ sample, beads }: TwoBeads): Promise<number[]> {
  return Promise.all(
    beads.map(async ({ marker }) => {
      const found = await output(sample.bare, ["git", "grep", "-hF", "-e", marker, "main"]);
      return found.split("\n").filter((line) => line === marker).length;
    }),
  );
}

/** The gates on a fresh clone of main: name and exit code. */
export async function gateCodes({ sample }: TwoBeads): Promise<[string, number][]> {
  await using clone = await tempDir("clone");
  await output(clone.path, ["git", "clone", "--quiet", sample.bare, "tree"]);
  const codes: [string, number][] = [];
  for (const { name, command } of SAMPLE_GATES) {
    const cwd = join(clone.path, "tree");
    const gate = Bun.spawn(["sh", "-c", command], { cwd, stdio: ["ignore", "ignore", "ignore"] });
    codes.push([name, await gate.exited]);
  }
  return codes;
}

/** The commit that main is at. */
export async function tipOf({ sample }: TwoBeads): Promise<string> {
  return (await output(sample.bare, ["git", "rev-parse", "main"])).trim();
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
