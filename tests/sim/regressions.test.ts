// Seeds that failed once.
import { expect, test } from "bun:test";
import { dirname } from "node:path";
import { readRegressions } from "../../scripts/sim/regressions.ts";
import { runSeed } from "../../sim/play/run-seed.ts";

const root = dirname(dirname(import.meta.dir));

for (const { found, ...scenario } of await readRegressions(root)) {
  test(`[R1] regression of seed ${scenario.seed}: ${found}`, () => {
    expect(runSeed({ ...scenario, traceLines: 0 }).violation).toBeNull();
  }, 120_000);
}
