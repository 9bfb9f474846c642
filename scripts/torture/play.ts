// One torture: a town, its runners and their agents as processes of their own, and what befalls them.
import { SimRandom } from "../../sim/random.ts";
import { tempDir } from "../../tests/support/temp-dir.ts";
import type { TortureArguments } from "./arguments.ts";
import { piecesOf, slingAll, untilEnded } from "./beads.ts";
import { Torturer } from "./faults.ts";
import { openScene } from "./scene.ts";
import { scoreOf } from "./score.ts";

export interface Scorecard extends TortureArguments {
  landed: number;
  /** What was lost, done twice, or left behind: a sentence each. */
  faults: string[];
  /** How often each fault was played. */
  played: Record<string, number>;
  starts: Record<string, number>;
  seconds: number;
}

/** Of the time with faults: the last beads are slung when a third of it is left. */
const SLING_PART = 2 / 3;
const RESTART_MS_MAX = 3_000;

/** Everything it starts has ended, and everything it made is gone, when it returns. */
export async function torture(
  root: string,
  wish: TortureArguments,
  tell: (line: string) => void,
): Promise<Scorecard> {
  await using dir = await tempDir("torture");
  const begunMs = performance.now();
  const random = new SimRandom(wish.seed);
  const draw = () => random.unit();
  const restartMs = () => draw() * RESTART_MS_MAX;
  await using scene = await openScene({ root, dir: dir.path, runners: wish.runners, restartMs });
  const { town, runners, person, rigs } = scene;
  tell(`${runners.length} runners have joined`);
  const quietFromMs = performance.now() + wish.faultsMs;
  const torturer = new Torturer({ town, runners }, draw);
  try {
    const pieces = piecesOf(wish.beads, wish.seed, rigs);
    const tortured = torturer.run(quietFromMs);
    await slingAll(person, pieces, wish.faultsMs * SLING_PART);
    tell("all beads are slung");
    await tortured;
    tell("the rest is quiet");
    const beads = await untilEnded(person, quietFromMs + wish.quietMsMax, tell);
    const score = await scoreOf(pieces, beads, rigs.bares);
    const left = await scene.end();
    return {
      ...wish,
      landed: score.landed,
      faults: [...score.faults, ...left],
      played: Object.fromEntries(torturer.played),
      starts: Object.fromEntries(
        [town, ...runners.map(({ keeper }) => keeper)].map(({ name, starts }) => [name, starts]),
      ),
      seconds: Math.round((performance.now() - begunMs) / 1000),
    };
  } finally {
    torturer.bringBack();
  }
}
