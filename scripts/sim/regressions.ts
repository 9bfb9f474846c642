// Scenarios that once failed: each must pass from now on.
import { join } from "node:path";
import { z } from "zod";
import { runSeed } from "../../sim/play/run-seed.ts";

/** A scenario as it is kept in a file. */
export const keptScenarioSchema = z.strictObject({
  seed: z.number().int(),
  faults: z.array(z.string()),
  size: z.strictObject({ beads: z.number(), rigs: z.number(), runners: z.number() }),
  activeMs: z.number(),
  pace: z.number().optional(),
});
export type KeptScenario = z.infer<typeof keptScenarioSchema>;

const regressionSchema = keptScenarioSchema.extend({
  /** What was wrong when it failed. */
  found: z.string(),
});
type Regression = z.infer<typeof regressionSchema>;

export async function readRegressions(root: string): Promise<Regression[]> {
  const file = join(root, "tests/sim/regressions.json");
  return z.array(regressionSchema).parse(await Bun.file(file).json());
}

/** Exit code: 1 when one fails again. */
export async function playRegressions(root: string): Promise<number> {
  let failures = 0;
  for (const { found, ...scenario } of await readRegressions(root)) {
    const { violation } = runSeed({ ...scenario, traceLines: 0 });
    if (violation === null) continue;
    failures += 1;
    console.log(`seed ${scenario.seed} (${found}) failed again: ${violation.message}`);
  }
  console.log(`${failures} regressions failed`);
  return failures === 0 ? 0 : 1;
}
