// `./gastown sim`: plays towns in memory under faults, seed by seed; prints what a failure needs to be played again.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArguments, usage, type SimArguments } from "./sim/arguments.ts";
import { runMutants } from "./sim/mutants.ts";
import { findCover } from "./sim/cover.ts";
import { playRegressions } from "./sim/regressions.ts";
import { ruleIds } from "./sim/rule-ids.ts";
import { Coverage } from "../sim/check/coverage.ts";
import { drawScenario } from "../sim/play/draw.ts";
import { runSeed, type Seen } from "../sim/play/run-seed.ts";
import { commandOf, type Scenario } from "../sim/play/scenario.ts";
import { shrink } from "../sim/play/shrink.ts";

const root = dirname(import.meta.dir);
/** Lines of a trace that are kept: the end of a play is what one reads. */
const TRACE_LINES = 5_000;

function scenarioOf(seed: number, chosen: SimArguments, traceLines: number): Scenario {
  if (chosen.draw) return { ...drawScenario(seed), traceLines };
  const { faults, size, activeMs, pace } = chosen;
  // Only a lone runner can keep what it lands to itself.
  const isAlone = chosen.seeds > 1 && seed % 10 === 0;
  return {
    seed,
    size: isAlone ? { ...size, runners: 1 } : size,
    faults,
    activeMs,
    pace,
    traceLines,
  };
}

const againOf = (scenario: Scenario) => `${commandOf(scenario)} --trace`;

function commit(): string {
  return Bun.spawnSync(["git", "rev-parse", "--short", "HEAD"], { cwd: root })
    .stdout.toString()
    .trim();
}

/** Tells a failure, plays it once more with a trace, and writes that down. */
function tellFailure(scenario: Scenario, seen: Seen, chosen: SimArguments): void {
  console.log(`seed ${scenario.seed} at ${commit()} failed: ${seen.violation?.message ?? ""}`);
  let smallest = scenario;
  if (chosen.shrink)
    smallest = shrink(scenario, seen, (found) =>
      console.log(`  smaller: ${againOf(found)}`),
    ).scenario;
  console.log(`  again: ${againOf(smallest)}`);
  if (!chosen.trace && !chosen.shrink) return;
  const traced = runSeed({ ...smallest, traceLines: TRACE_LINES });
  const file = join(root, "dist", "sim", `seed-${scenario.seed}.txt`);
  mkdirSync(dirname(file), { recursive: true });
  const lines = [
    againOf(smallest),
    "",
    ...traced.lines,
    "",
    traced.violation?.message ?? "it did not fail again",
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  console.log(`  trace: ${file}`);
}

function playSeeds(chosen: SimArguments): number {
  const coverage = new Coverage(ruleIds(root));
  let failures = 0;
  let steps = 0;
  const before = process.cpuUsage();
  for (let seed = chosen.seed; seed < chosen.seed + chosen.seeds; seed++) {
    const scenario = scenarioOf(seed, chosen, 0);
    const seen = runSeed(scenario);
    steps += seen.steps;
    coverage.add(seen.covered);
    if (seen.violation === null) continue;
    failures += 1;
    tellFailure(scenario, seen, chosen);
    if (chosen.untilFailure) break;
  }
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  const rate = Math.round(steps / seconds);
  console.log(
    `${chosen.seeds} seeds from ${chosen.seed}, ${failures} failed; ${steps} steps in ${seconds.toFixed(1)} s of processor time, ${rate} steps/s`,
  );
  if (!chosen.coverage) return failures === 0 ? 0 : 1;
  console.log(coverage.lines().join("\n"));
  const missing = coverage.missing();
  if (missing.length > 0) console.log(`never seen: ${missing.join("; ")}`);
  return failures === 0 && missing.length === 0 ? 0 : 1;
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes("--help")) {
    console.log(usage);
    return 0;
  }
  const parsed = parseArguments(argv, Math.floor(Math.random() * 1_000_000));
  if (!parsed.ok) {
    console.error(`gastown sim: ${parsed.message}`);
    return 2;
  }
  const { mutants, regressions, cover, seed, seeds } = parsed.value;
  if (mutants !== null) return runMutants(root, mutants);
  if (cover) return findCover(root, seed, seeds);
  return regressions ? playRegressions(root) : playSeeds(parsed.value);
}

process.exit(await main(process.argv.slice(2)));
