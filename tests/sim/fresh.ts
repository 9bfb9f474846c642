import type { FaultGroup } from "../../sim/faults/fault.ts";
import { faults } from "../../sim/faults/registry.ts";
import { runSeed } from "../../sim/play/run-seed.ts";
import type { Scenario } from "../../sim/play/scenario.ts";

const FIRST = Number(process.env["GASTOWN_TEST_SEED"] ?? "1") * 1_000;
/** Of each half. */
const SEEDS = 100;
/** A busy machine plays fewer. */
const BUDGET_MS = 150_000;

/** What a person writes to see it again. */
function again({ seed, size, faults: names, activeMs }: Scenario): string {
  const { beads, rigs, runners } = size;
  const sized = `--beads ${beads} --rigs ${rigs} --runners ${runners} --minutes ${activeMs / 60_000}`;
  return `./gastown sim --seed ${seed} --faults ${names.join(",")} ${sized} --shrink`;
}

/**
 * Plays seeds that nobody played before, one after the other, under the faults of these groups.
 * @param half which of two disjoint halves of the seeds
 * @returns how many were played in the time there is; throws with what plays a failed one again
 */
export function playFresh(half: 0 | 1, groups: readonly FaultGroup[]): number {
  const chosen = faults.filter(({ group }) => groups.includes(group)).map(({ name }) => name);
  const endsAt = performance.now() + BUDGET_MS;
  let played = 0;
  for (; played < SEEDS && performance.now() < endsAt; played++) {
    const scenario: Scenario = {
      seed: FIRST + 2 * played + half,
      size: { beads: 5, rigs: 2, runners: 1 + (played % 3) },
      faults: chosen,
      activeMs: 180_000,
      traceLines: 0,
    };
    const { violation } = runSeed(scenario);
    if (violation !== null)
      throw new Error(`${violation.message}\nplay it again: ${again(scenario)}`);
  }
  console.log(`${played} fresh seeds from ${FIRST + half}, every other one`);
  return played;
}
