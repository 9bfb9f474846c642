// P10: how fast towns are played in memory, with every rule, fault and checker.
import { faults } from "../../sim/faults/registry.ts";
import { runSeed } from "../../sim/play/run-seed.ts";
import type { Bench } from "./bench.ts";
import { median } from "./spread.ts";

const STEPS_PER_SECOND_MIN = 5_000;
/** The first ones are slower: what the others run is compiled by and by. */
const WARM_UP = 10;
const SEEDS = 5;
const FIRST = 100;

export const p10Simulation: Bench = {
  id: "P10",
  title:
    "steps of a simulated town of 100 beads, 3 rigs and 5 runners per second of processor time",
  run(context) {
    const rates: number[] = [];
    const seconds: number[] = [];
    for (let n = 0; n < WARM_UP + SEEDS; n++) {
      const before = process.cpuUsage();
      const { steps, violation } = runSeed({
        seed: FIRST + n,
        size: { beads: 100, rigs: 3, runners: 5 },
        faults: faults.map(({ name }) => name),
        activeMs: 20 * 60_000,
        traceLines: 0,
      });
      if (violation !== null) throw new Error(`seed ${FIRST + n}: ${violation.message}`);
      const { user, system } = process.cpuUsage(before);
      context.progress(
        `  seed ${FIRST + n}: ${steps} steps in ${((user + system) / 1e6).toFixed(1)} s`,
      );
      if (n < WARM_UP) continue;
      seconds.push((user + system) / 1e6);
      rates.push(steps / ((user + system) / 1e6));
    }
    const bar = { atLeast: STEPS_PER_SECOND_MIN };
    context.progress(`  a seed takes ${median(seconds).toFixed(1)} s of processor time`);
    return Promise.resolve([{ name: "", value: median(rates), unit: "steps/s", bar }]);
  },
};
