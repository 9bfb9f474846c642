/** A scenario of chance: which faults come, how often, and to how large a town. */
import type { Fault, FaultGroup } from "../faults/fault.ts";
import { faults } from "../faults/registry.ts";
import { SimRandom } from "../random.ts";
import type { Scenario } from "./scenario.ts";

/** Of a group of faults, the share that comes in a play. */
const PEOPLE_AT_WORK: Readonly<Record<FaultGroup, number>> = {
  infra: 0.15,
  agent: 0.3,
  people: 0.9,
  data: 0.2,
};
/** Groups of beads that people change their minds about. */
const GROUPS = new Set([
  ...["people-convoy", "people-close", "people-step", "people-cancel-molecule", "people-reopen"],
  ...["people-answer", "people-decide", "people-figures", "agent-dies-in-its-work", "agent-lies"],
  ...["agent-asks-for-changes", "agent-dawdles"],
]);
/** Merges that are cut off, and people who do not wait for them. */
const MERGES = new Set([
  ...["kill-runner", "power", "orphan-push", "remote", "cut", "agent-cannot-decide"],
  ...["people-figures", "people-decide", "people-cancel", "people-close", "people-protect"],
  ...["people-hold", "people-pause"],
]);

/** What takes whole rigs out of a play: in few of them, or the others see little. */
const RIGS = new Set(["people-delete-rig", "people-purge-rig"]);
const OF_RIGS = 0.15;

/** Drawn apart, so that what was drawn before these were there is as it was. */
const HANDS = ["people-take", "people-wake", "people-rework"];
const OF_HANDS = 0.4;
const APART = new Set([...RIGS, ...HANDS]);

type Drawn = Required<Omit<Scenario, "traceLines">> & { faults: string[] };

/** A scenario of chance. */
export function drawScenario(seed: number): Drawn {
  const most = drawMost(seed);
  const ownHands = new SimRandom(seed + 2_000_003);
  const hands = HANDS.filter(() => ownHands.unit() < OF_HANDS);
  const drawn = { ...most, faults: [...most.faults, ...hands] };
  const takesRigs = new SimRandom(seed + 1_000_003).unit() < OF_RIGS;
  return takesRigs ? { ...drawn, faults: [...drawn.faults, ...RIGS] } : drawn;
}

/** What is rare when every fault comes is common when some do: two plays of five are of few faults. */
function drawMost(seed: number): Drawn {
  const random = new SimRandom(seed);
  const minutes = (least: number, spread: number) => 60_000 * (least + random.below(spread));
  const size = {
    beads: 4 + random.below(11),
    rigs: 1 + random.below(3),
    runners: random.unit() < 0.35 ? 1 : 2 + random.below(2),
  };
  const under = (isChosen: (fault: Fault) => boolean) =>
    faults.filter((fault) => !APART.has(fault.name) && isChosen(fault)).map(({ name }) => name);
  const often = () => 3 + random.below(4);
  switch (seed % 5) {
    case 0: {
      const chosen = under(({ group }) => random.unit() < PEOPLE_AT_WORK[group]);
      return { seed, faults: chosen, size, activeMs: minutes(8, 8), pace: 2 };
    }
    case 1: {
      const chosen = under(({ name }) => MERGES.has(name));
      return { seed, faults: chosen, size, activeMs: minutes(4, 6), pace: often() };
    }
    case 2: {
      const chosen = under(({ name }) => GROUPS.has(name));
      return { seed, faults: chosen, size, activeMs: minutes(8, 8), pace: often() };
    }
    default: {
      const share = random.unit() < 0.3 ? 1 : 0.3 + 0.6 * random.unit();
      const chosen = under(() => random.unit() < share);
      return { seed, faults: chosen, size, activeMs: minutes(3, 5), pace: 1 + random.below(3) };
    }
  }
}
