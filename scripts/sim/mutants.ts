// Planted faults: each is a patch to a copy of the sources, played until a checker catches it.
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

const mutantSchema = z.strictObject({
  /** The fault that it plants, and where such a one was seen. */
  origin: z.string().min(1),
  file: z.string(),
  search: z.string().min(1),
  replace: z.string(),
});

/** What a play needs of the repository. */
const SOURCES = ["protocol", "server", "runner", "sim", "scripts", "package.json", "tsconfig.json"];
/** Seeds that may miss a mutant before it counts as one that got away. */
const SEEDS_MAX = 25;
const SIZE = ["--beads", "14", "--rigs", "3", "--runners", "3", "--minutes", "10"];

type Mutant = z.infer<typeof mutantSchema>;

/** The files of sim/mutants, by name. */
export function readMutants(root: string): { name: string; mutant: Mutant }[] {
  const folder = join(root, "sim/mutants");
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return files.toSorted().map((file) => ({
    name: file.slice(0, -".json".length),
    mutant: mutantSchema.parse(JSON.parse(readFileSync(join(folder, file), "utf8"))),
  }));
}

/** Plays every mutant, one at a time. Exit code: 1 when one was caught by nothing. */
export function runMutants(root: string): number {
  const mutants = readMutants(root);
  let away = 0;
  for (const { name, mutant } of mutants) {
    const caught = playMutant(root, mutant);
    if (caught === null) away += 1;
    console.log(`${name.padEnd(32)} ${caught ?? "NOT CAUGHT"}  (${mutant.origin})`);
  }
  console.log(`${mutants.length} mutants, ${away} not caught`);
  return away === 0 ? 0 : 1;
}

/** Seed and checker that caught it, or null. Throws when the patch does not fit the sources any more. */
function playMutant(root: string, mutant: Mutant): string | null {
  const copy = mkdtempSync(join(tmpdir(), "gastown-mutant-"));
  try {
    for (const source of SOURCES)
      cpSync(join(root, source), join(copy, source), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    const file = join(copy, mutant.file);
    const text = readFileSync(file, "utf8");
    if (text.split(mutant.search).length !== 2)
      throw new Error(`${mutant.file} does not hold once: ${mutant.search}`);
    writeFileSync(
      file,
      text.replace(mutant.search, () => mutant.replace),
    );
    const sim = join(copy, "scripts/sim.ts");
    const words = ["--seeds", String(SEEDS_MAX), "--seed", "1", "--until-failure", ...SIZE];
    const { stdout, stderr } = Bun.spawnSync([process.execPath, sim, ...words], { cwd: copy });
    const failed = /^seed (\d+) at \S* ?failed: ([\w-]+)/m.exec(stdout.toString());
    if (failed !== null) return `seed ${failed[1]}, ${failed[2]}`;
    return /\d+ seeds from/.test(stdout.toString())
      ? null
      : `it does not run: ${stderr.toString().slice(0, 200)}`;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
