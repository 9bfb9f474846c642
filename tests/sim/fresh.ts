import { runSeed } from "../../sim/play/run-seed.ts";
import type { Scenario } from "../../sim/play/scenario.ts";

const FIRST = Number(process.env["GASTOWN_TEST_SEED"] ?? "1") * 1_000;
/** Of each half. */
const SEEDS = 100;
/** A busy machine plays fewer. */
const BUDGET_MS = 150_000;

/** What a person writes to see it again. */
function again({ seed, size, faults: names, activeMs, pace = 1 }: Scenario): string {
  const { beads, rigs, runners } = size;
  const sized = `--beads ${beads} --rigs ${rigs} --runners ${runners} --minutes ${activeMs / 60_000} --pace ${pace}`;
  return `./gastown sim --seed ${seed} --faults ${names.join(",")} ${sized} --shrink`;
}

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
      throw new Error(`${violation.message}\nplay it again: ${again(scenario)}`);
  }
  console.log(`${played} fresh seeds from ${FIRST + half}, every other one`);
  return played;
}
