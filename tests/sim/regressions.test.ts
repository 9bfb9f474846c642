// Seeds that failed once, and the faults that are planted.
import { expect, test } from "bun:test";
import { dirname, join } from "node:path";
import { readMutants } from "../../scripts/sim/mutants.ts";
import { readRegressions } from "../../scripts/sim/regressions.ts";
import { runSeed } from "../../sim/play/run-seed.ts";

const root = dirname(dirname(import.meta.dir));

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
