// The planted faults of sim/mutants: what each is, and a copy of the sources that has one.
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

const playSchema = z.strictObject({
  beads: z.number().int().default(6),
  rigs: z.number().int().default(2),
  runners: z.number().int().default(2),
  minutes: z.number().int().default(5),
  pace: z.number().int().default(3),
  /** Names and groups, as after --faults. */
  faults: z.string().default("all"),
  /** The first of the seeds that are played. */
  seed: z.number().int().default(1),
});

const mutantSchema = z.strictObject({
  /** Where such a fault was seen. */
  origin: z.string().min(1),
  /** What is wrong in our sources with it. */
  plants: z.string().min(1),
  patches: z
    .array(z.strictObject({ file: z.string(), search: z.string().min(1), replace: z.string() }))
    .min(1),
  /** What is played; it names only what differs from the others. */
  play: playSchema.prefault({}),
  /** Run instead of plays: a property test, or a test of the model's tables. */
  test: z.string().optional(),
});

export interface Mutant extends z.infer<typeof mutantSchema> {
  name: string;
}

const SOURCES = ["protocol", "server", "runner", "sim", "scripts", "tests", "docs", "scripted"];
const FILES = ["package.json", "tsconfig.json", "bunfig.toml"];

/** Every planted fault, in the order of the files' names and of what they hold. */
export function readMutants(root: string): Mutant[] {
  const folder = join(root, "sim/mutants");
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return files.toSorted().flatMap((file) => {
    const text = readFileSync(join(folder, file), "utf8");
    const mutants = z.record(z.string(), mutantSchema).parse(JSON.parse(text));
    return Object.entries(mutants).map(([name, mutant]) => ({ name, ...mutant }));
  });
}

export type Patch = Mutant["patches"][number];

/** The source with the patch in it. Throws when its place is not there, or more than once. */
export function patched(text: string, { file, search, replace }: Patch): string {
  if (text.split(search).length !== 2) throw new Error(`${file} does not hold once: ${search}`);
  return text.replace(search, () => replace);
}

/** Calls `act` with a copy of the sources that has the fault, and removes the copy. */
export function withPlanted<T>(root: string, mutant: Mutant, act: (copy: string) => T): T {
  const copy = mkdtempSync(join(tmpdir(), "gastown-mutant-"));
  try {
    for (const each of [...SOURCES, ...FILES])
      cpSync(join(root, each), join(copy, each), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    for (const patch of mutant.patches) {
      const file = join(copy, patch.file);
      writeFileSync(file, patched(readFileSync(file, "utf8"), patch));
    }
    return act(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
