// Plays planted faults, one at a time, until something catches each.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pageWith } from "./mutants-page.ts";
import { readMutants, withPlanted, type Mutant } from "./planted.ts";

/** Seeds that may miss a mutant before it counts as one that got away. */
const SEEDS_MAX = 30;
/** Of one mutant, by the clock: a busy machine is slow. */
const TIMEOUT_MS = 300_000;

/**
 * Exit code: 1 when one was caught by nothing, 2 when there is none of that name. No names: all of them. What caught
 * each is written into docs/mutants.md.
 */
export function runMutants(root: string, names: readonly string[]): number {
  const all = readMutants(root);
  const unknown = names.find((name) => all.every((mutant) => mutant.name !== name));
  if (unknown !== undefined) {
    console.error(`gastown sim: there is no mutant ${unknown}.`);
    return 2;
  }
  const chosen = all.filter(({ name }) => names.length === 0 || names.includes(name));
  const caught = new Map<string, string>();
  const beganAt = performance.now();
  for (const mutant of chosen) {
    const at = performance.now();
    const by = withPlanted(root, mutant, (copy) => play(root, copy, mutant));
    if (by !== null) caught.set(mutant.name, by);
    const seconds = ((performance.now() - at) / 1_000).toFixed(0).padStart(4);
    console.log(`${mutant.name.padEnd(32)} ${seconds} s  ${by ?? "NOT CAUGHT"}`);
  }
  const away = chosen.length - caught.size;
  const minutes = ((performance.now() - beganAt) / 60_000).toFixed(1);
  console.log(`${chosen.length} mutants, ${away} not caught, ${minutes} minutes`);
  const page = join(root, "docs/mutants.md");
  writeFileSync(page, pageWith(readFileSync(page, "utf8"), all, caught));
  return away === 0 ? 0 : 1;
}

function play(root: string, copy: string, mutant: Mutant): string | null {
  const { name, test } = mutant;
  const program =
    test === undefined
      ? ["scripts/sim.ts", "--until-failure", ...wordsOf(mutant, SEEDS_MAX)]
      : ["test", `./${test}`];
  const { said, exitCode } = run(copy, program);
  if (exitCode === 0) return null;
  const seen = /^seed (\d+) at \S* ?failed: ([\w-]+)/m.exec(said);
  if (seen !== null) {
    const seed = Number(seen[1]);
    const alone = run(root, ["scripts/sim.ts", ...wordsOf(mutant, seed - mutant.play.seed + 1)]);
    if (alone.exitCode === 0) return `seed ${seed}, ${seen[2]}`;
    console.error(`${name}: it fails without the fault, too: ${alone.said.slice(0, 2_000)}`);
    return null;
  }
  const failed = /^\(fail\) (.*?)(?: \[[\d.]+ms\])?$/m.exec(said);
  if (failed !== null) return failed[1] ?? "";
  const why = exitCode === null ? "it takes too long" : said.slice(0, 2_000);
  console.error(`${name} says neither: ${why}`);
  return null;
}

/** Arguments of `./gastown sim` for the first seeds of a mutant. */
function wordsOf(
  { play: { beads, rigs, runners, minutes, pace, faults, seed } }: Mutant,
  seeds: number,
) {
  const size = { beads, rigs, runners, minutes, pace, faults, seed, seeds };
  return Object.entries(size).map(([key, value]) => `--${key}=${value}`);
}

function run(
  folder: string,
  program: readonly string[],
): { said: string; exitCode: number | null } {
  const [file = "", ...rest] = program;
  const path = file.endsWith(".ts") ? join(folder, file) : file;
  const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, path, ...rest], {
    cwd: folder,
    timeout: TIMEOUT_MS,
  });
  return { said: stdout.toString() + stderr.toString(), exitCode };
}
