/** One kind of fault: while people and faults act, it does harm of its kind. */
import type { Play, PlayRunner } from "../play/play.ts";
import type { SimRandom } from "../random.ts";

/** Under `infra` faults alone nearly every bead lands unaided; the others may keep it from that. */
export type FaultGroup = "infra" | "agent" | "people" | "data";

export interface FaultWorld {
  play: Play;
  /** Of this fault alone. */
  random: SimRandom;
  /** It has done its harm once more; `at`: an item of the coverage besides. */
  fired: (at?: string) => void;
  /** Whether faults still come. */
  isActive: () => boolean;
  /** Faults come so many times as often. */
  pace: number;
}

export interface Fault {
  name: string;
  group: FaultGroup;
  /** Puts it into the world. Harm that lasts ends by itself. */
  begin: (world: FaultWorld) => void;
}

/** Calls `act` again and again, `everyMs` apart on average, while faults come. */
export function again(
  { play, random, isActive, pace }: FaultWorld,
  label: string,
  everyMs: number,
  act: () => void,
) {
  const next = () => {
    play.world.after((everyMs / pace) * (0.2 + 1.6 * random.unit()), label, () => {
      if (!isActive()) return;
      act();
      next();
    });
  };
  next();
}

export function anyRunner({ play, random }: FaultWorld): PlayRunner {
  const runner = play.runners[random.below(play.runners.length)];
  if (runner === undefined) throw new Error("a play needs a runner");
  return runner;
}
