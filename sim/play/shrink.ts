/** Looks for the smallest scenario that fails in the same way. */
import { runSeed, type Seen } from "./run-seed.ts";
import type { Scenario } from "./scenario.ts";

/** Plays at most, so that a slow failure does not keep a person waiting for ever. */
const PLAYS_MAX = 60;

export interface Shrunk {
  scenario: Scenario;
  seen: Seen;
  plays: number;
}

/** `tell` hears of every smaller scenario that was found. */
export function shrink(from: Scenario, seen: Seen, tell: (scenario: Scenario) => void): Shrunk {
  const checker = seen.violation?.checker;
  let best: Shrunk = { scenario: from, seen, plays: 0 };
  for (let smaller = true; smaller && best.plays < PLAYS_MAX;) {
    smaller = false;
    for (const scenario of candidates(best.scenario)) {
      if (best.plays >= PLAYS_MAX) break;
      best = { ...best, plays: best.plays + 1 };
      const now = runSeed(scenario);
      if (now.violation?.checker !== checker) continue;
      best = { scenario, seen: now, plays: best.plays };
      tell(scenario);
      smaller = true;
      break;
    }
  }
  return best;
}

/** Smaller scenarios, the boldest first. */
function* candidates(from: Scenario): Generator<Scenario> {
  const { faults, size, activeMs } = from;
  const half = Math.ceil(faults.length / 2);
  if (faults.length > 1) {
    yield { ...from, faults: faults.slice(0, half) };
    yield { ...from, faults: faults.slice(half) };
  }
  if (size.beads > 1) yield { ...from, size: { ...size, beads: Math.floor(size.beads / 2) } };
  if (activeMs > 30_000) yield { ...from, activeMs: Math.floor(activeMs / 2) };
  if (size.runners > 1) yield { ...from, size: { ...size, runners: size.runners - 1 } };
  if (size.rigs > 1) yield { ...from, size: { ...size, rigs: size.rigs - 1 } };
  for (const fault of faults) yield { ...from, faults: faults.filter((name) => name !== fault) };
}
