// What befalls a tortured town: one thing every 2 to 10 s, drawn by the seed.
import type { Cable } from "./cable.ts";
import type { Keeper } from "./keeper.ts";
import { childrenOf, signal, type Found } from "./processes.ts";

const EVERY_MS = { least: 2_000, most: 10_000 };
/** A process that is stopped, or a network that is away, comes back after this long. */
const AWAY_MS = { least: 500, most: 45_000 };
const LOOK_MS_MAX = 2_000;
const LOOK_EVERY_MS = 25;

export interface Runner {
  keeper: Keeper;
  cable: Cable;
  /** Mark of what it starts. */
  owner: string;
}

export interface Victims {
  town: Keeper;
  runners: readonly Runner[];
}

type Draw = () => number;

/** Answers whether there was anything to hurt. `back` is done when it is over. */
type Fault = (
  victims: Victims,
  draw: Draw,
  later: (back: () => void) => void,
) => Promise<boolean> | boolean;

const FAULTS: Readonly<Record<string, Fault>> = {
  "town killed": ({ town }) => kill(town.pid),
  "town stopped": ({ town }, _draw, later) => freeze(town.pid, later),
  "runner killed": ({ runners }, draw) => kill(one(runners, draw).keeper.pid),
  "runner stopped": ({ runners }, draw, later) => freeze(one(runners, draw).keeper.pid, later),
  "agent killed": async (victims, draw) => kill(await child(victims, draw, "agent")),
  "agent stopped": async (victims, draw, later) =>
    freeze(await child(victims, draw, "agent"), later),
  "git killed": async (victims, draw) => kill(await child(victims, draw, "git")),
  "git stopped": async (victims, draw, later) => freeze(await child(victims, draw, "git"), later),
  "sandbox killed": async (victims, draw) => kill(await child(victims, draw, "sandbox")),
  "network cut": ({ runners }, draw, later) => {
    const { cable } = one(runners, draw);
    cable.cut();
    later(() => cable.mend());
    return true;
  },
  "network frozen": ({ runners }, draw, later) => {
    const { cable } = one(runners, draw);
    cable.freeze();
    later(() => cable.mend());
    return true;
  },
};

export class Torturer {
  readonly #victims: Victims;
  readonly #draw: Draw;
  readonly #backs = new Set<() => void>();
  readonly #left: string[] = [];
  /** How often each fault was played. */
  readonly played = new Map<string, number>(Object.keys(FAULTS).map((name) => [name, 0]));

  constructor(victims: Victims, draw: Draw) {
    this.#victims = victims;
    this.#draw = draw;
  }

  /** Plays until `untilMs` of `performance.now()`, then brings back what is away. */
  async run(untilMs: number): Promise<void> {
    for (;;) {
      const pauseMs = between(EVERY_MS, this.#draw);
      if (performance.now() + pauseMs >= untilMs) break;
      await Bun.sleep(pauseMs);
      await this.#playOne();
    }
    await Bun.sleep(Math.max(0, untilMs - performance.now()));
    this.bringBack();
  }

  bringBack(): void {
    for (const back of this.#backs) back();
    this.#backs.clear();
  }

  /** Every fault once, in drawn order, before one comes again; one that finds nobody gives way to the next. */
  async #playOne(): Promise<void> {
    for (;;) {
      if (this.#left.length === 0) this.#left.push(...Object.keys(FAULTS));
      const [name = ""] = this.#left.splice(Math.floor(this.#draw() * this.#left.length), 1);
      if (!(await FAULTS[name]?.(this.#victims, this.#draw, this.#later))) continue;
      this.played.set(name, (this.played.get(name) ?? 0) + 1);
      return;
    }
  }

  readonly #later = (back: () => void): void => {
    this.#backs.add(back);
    setTimeout(
      () => {
        if (this.#backs.delete(back)) back();
      },
      between(AWAY_MS, this.#draw),
    );
  };
}

function kill(pid: number | null): boolean {
  return pid !== null && signal(pid, "SIGKILL");
}

function freeze(pid: number | null, later: (back: () => void) => void): boolean {
  if (pid === null || !signal(pid, "SIGSTOP")) return false;
  later(() => void signal(pid, "SIGCONT"));
  return true;
}

/** Agents and gits are there now and then only, so they are waited for, a little. */
async function child(
  { runners }: Victims,
  draw: Draw,
  what: Found["what"],
): Promise<number | null> {
  const untilMs = performance.now() + LOOK_MS_MAX;
  while (performance.now() < untilMs) {
    const all = await Promise.all(runners.map(({ owner }) => childrenOf(owner)));
    const such = all.flat().filter((found) => found.what === what);
    if (such.length > 0) return one(such, draw).pid;
    await Bun.sleep(LOOK_EVERY_MS);
  }
  return null;
}

function one<T>(all: readonly T[], draw: Draw): T {
  const picked = all[Math.floor(draw() * all.length)];
  if (picked === undefined) throw new Error("there is nothing to draw from");
  return picked;
}

function between({ least, most }: { least: number; most: number }, draw: Draw): number {
  return least + draw() * (most - least);
}
