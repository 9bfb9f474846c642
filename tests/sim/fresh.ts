import { runSeed } from "../../sim/play/run-seed.ts";
import { commandOf, type Scenario } from "../../sim/play/scenario.ts";

const FIRST = Number(process.env["GASTOWN_TEST_SEED"] ?? "1") * 1_000;
/** Of each half. */
const SEEDS = 100;
/** A busy machine plays fewer. */
const BUDGET_MS = 150_000;

/**
 * Plays seeds that nobody played before, one after the other.
 * @param half which of two disjoint halves of the seeds
 * @returns how many were played in the time there is; throws with what plays a failed one again
 */
export function playFresh(
  half: 0 | 1,
  scenarioOf: (seed: number) => Omit<Scenario, "traceLines">,
): number {
  const endsAt = performance.now() + BUDGET_MS;
  let played = 0;
  for (; played < SEEDS && performance.now() < endsAt; played++) {
    const scenario = { ...scenarioOf(FIRST + 2 * played + half), traceLines: 0 };
    const { violation } = runSeed(scenario);
    if (violation !== null)
      throw new Error(`${violation.message}\nplay it again: ${commandOf(scenario)} --shrink`);
  }
  console.log(`${played} fresh seeds from ${FIRST + half}, every other one`);
  return played;
}
