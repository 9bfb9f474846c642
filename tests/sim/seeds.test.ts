// Fresh seeds under every fault, and those that failed once.
import { expect, test } from "bun:test";
import { dirname, join } from "node:path";
import { readMutants } from "../../scripts/sim/mutants.ts";
import { readRegressions } from "../../scripts/sim/regressions.ts";
import { faults } from "../../sim/faults/registry.ts";
import { runSeed } from "../../sim/play/run-seed.ts";
import type { Scenario } from "../../sim/play/scenario.ts";

const root = dirname(dirname(import.meta.dir));
const FIRST = Number(process.env["GASTOWN_TEST_SEED"] ?? "1") * 1_000;
const SEEDS = 200;
/** A busy machine plays fewer. */
const BUDGET_MS = 180_000;
const SEEDS_MIN = 10;

/** What a person writes to see it again. */
function again({ seed, size, faults: names, activeMs }: Scenario): string {
  const { beads, rigs, runners } = size;
  const sized = `--beads ${beads} --rigs ${rigs} --runners ${runners} --minutes ${activeMs / 60_000}`;
  return `./gastown sim --seed ${seed} --faults ${names.join(",")} ${sized} --shrink`;
}

test("[R1] fresh seeds, one half under infrastructure faults alone, keep every invariant and come to rest", () => {
  const endsAt = performance.now() + BUDGET_MS;
  let played = 0;
  for (; played < SEEDS && performance.now() < endsAt; played++) {
    const chosen = faults.filter(({ group }) => played % 2 === 1 || group === "infra");
    const scenario: Scenario = {
      seed: FIRST + played,
      size: { beads: 5, rigs: 2, runners: 1 + (played % 3) },
      faults: chosen.map(({ name }) => name),
      activeMs: 180_000,
      traceLines: 0,
    };
    const { violation } = runSeed(scenario);
    if (violation !== null)
      throw new Error(`${violation.message}\nplay it again: ${again(scenario)}`);
  }
  console.log(`${played} fresh seeds from ${FIRST}`);
  expect(played).toBeGreaterThanOrEqual(SEEDS_MIN);
}, 300_000);

for (const { found, ...scenario } of await readRegressions(root)) {
  test(`[R1] regression of seed ${scenario.seed}: ${found}`, () => {
    expect(runSeed({ ...scenario, traceLines: 0 }).violation).toBeNull();
  }, 120_000);
}

test("[R2] every planted fault fits the sources once", async () => {
  for (const { name, mutant } of readMutants(root)) {
    const text = await Bun.file(join(root, mutant.file)).text();
    expect([name, text.split(mutant.search).length - 1]).toEqual([name, 1]);
  }
});
