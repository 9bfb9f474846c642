/**
 * What is kept ready for the next work of rigs, while work is near: after a run of the rig has ended, and while people
 * talk to the Mayor. Real runs come first: what waits takes only places that are free, and gives them back.
 */
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import { randomHex } from "../../clock.ts";
import {
  WARM_BERTHS_MAX,
  WARM_LOOK_MS,
  WARM_MEMORY_BYTES_MIN,
  WARM_RIGS_MAX,
} from "../../config.ts";
import { Berth } from "./berth.ts";
import { demandOf } from "./demand.ts";
import type { WarmPlace } from "./warm-place.ts";

type WorkSpec = RunSpecOf<"work">;

const NAME_BYTES = 6;

interface Held {
  rigId: string;
  demand: string;
  berth: Berth;
  /** Monotonic milliseconds. */
  until: number;
}

export class WarmPool {
  readonly #place: WarmPlace;
  /** The newest work of each rig, the newest rig last. */
  readonly #known = new Map<string, WorkSpec>();
  #held: Held[] = [];
  /** What is being let go. */
  readonly #leaving = new Set<Promise<void>>();
  #callOff: (() => void) | null = null;
  #closed = false;

  constructor(place: WarmPlace) {
    this.#place = place;
  }

  /** Work has begun: the rig's next will demand the same. What was made ready for another demand goes. */
  learn(spec: WorkSpec): void {
    const { id } = spec.rig;
    this.#known.delete(id);
    this.#known.set(id, spec);
    const [oldest] = this.#known.keys();
    if (this.#known.size > WARM_RIGS_MAX && oldest !== undefined) this.#known.delete(oldest);
    const demand = demandOf(spec);
    this.#drop(({ rigId, demand: other }) => rigId === id && other !== demand);
  }

  /** Work is near: of this rig, or of the last one that had any. `free`: places that no run has. */
  near(rigId: string | null, free: number): void {
    const spec = rigId === null ? [...this.#known.values()].at(-1) : this.#known.get(rigId);
    if (this.#closed || spec === undefined || spec.limits.warmWorkMs === 0) return;
    const until = this.#place.clock.mono() + spec.limits.warmWorkMs;
    const mine = this.#held.find((held) => held.rigId === spec.rig.id);
    if (mine !== undefined) mine.until = until;
    else if (this.#hasRoom(free)) this.#hold(spec, until);
  }

  /** What was made ready for such a run; it is the caller's, who lets go of what he does not take. */
  take(spec: WorkSpec): Berth | null {
    const demand = demandOf(spec);
    const mine = this.#held.find((held) => held.demand === demand);
    this.#held = this.#held.filter((held) => held !== mine);
    return mine?.berth ?? null;
  }

  /** Runs need their places: no more than `free` stay. */
  giveWay(free: number): void {
    const stay = this.#held.slice(0, Math.max(0, free));
    this.#drop((held) => !stay.includes(held));
  }

  /** The rig goes: nothing of it waits here when this resolves. */
  async forget(rig: string): Promise<void> {
    this.#known.delete(rig);
    this.#drop(({ rigId }) => rigId === rig);
    await Promise.all(this.#leaving);
  }

  /** Nothing is made ready any more, and nothing is left when it resolves. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#drop(() => true);
    await Promise.all(this.#leaving);
  }

  #hasRoom(free: number): boolean {
    if (this.#held.length >= Math.min(free, WARM_BERTHS_MAX)) return false;
    const { refuses, memoryFreeBytes } = this.#place.host();
    return refuses === null && memoryFreeBytes >= WARM_MEMORY_BYTES_MIN;
  }

  #hold(spec: WorkSpec, until: number): void {
    const { log, random, clock } = this.#place;
    const berth = new Berth(this.#place, spec, randomHex(random, NAME_BYTES));
    const held = { rigId: spec.rig.id, demand: demandOf(spec), berth, until };
    this.#held.push(held);
    this.#watch();
    const since = clock.mono();
    void berth.ready().then(({ tree, agent }) => {
      if (!this.#held.includes(held)) return;
      const ms = Math.round(clock.mono() - since);
      if (tree) log.info("ready for the next work", { rig: spec.rig.name, agent, ms });
      else this.#drop((each) => each === held);
    });
  }

  /** Only while something is held. */
  #watch(): void {
    this.#callOff ??= this.#place.clock.after(WARM_LOOK_MS, () => {
      this.#callOff = null;
      const now = this.#place.clock.mono();
      const isShort = this.#place.host().refuses !== null;
      this.#drop(({ until }) => isShort || until <= now);
      if (this.#held.length > 0) this.#watch();
    });
  }

  #drop(goes: (held: Held) => boolean): void {
    const going = this.#held.filter(goes);
    this.#held = this.#held.filter((held) => !going.includes(held));
    for (const { berth } of going) {
      const leaving: Promise<void> = berth.end().then(() => void this.#leaving.delete(leaving));
      this.#leaving.add(leaving);
    }
    if (this.#held.length > 0) return;
    this.#callOff?.();
    this.#callOff = null;
  }
}
