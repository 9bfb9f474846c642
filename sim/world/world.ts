/**
 * The one queue of events of a simulation. A step is one event with all that follows from it without
 * time going by: promises are drained before the next.
 */
import { drainMicrotasks } from "bun:jsc";
import { SimRandom } from "../random.ts";
import { EventQueue, type Planned } from "./event-queue.ts";
import type { Trace } from "./trace.ts";

export class World {
  readonly random: SimRandom;
  readonly trace: Trace;
  readonly #queue = new EventQueue();
  readonly #afterStep: (() => void)[] = [];
  #nowMs = 0;
  steps = 0;

  constructor(seed: number, trace: Trace) {
    this.random = new SimRandom(seed);
    this.trace = trace;
  }

  /** Milliseconds since the beginning, as nobody in the world sees them. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** A sequence of chance of its own, so that one part drawing more does not change another's. */
  fork(): SimRandom {
    return new SimRandom(Math.floor(this.random.unit() * 2 ** 32));
  }

  after(ms: number, label: string, act: () => void): Planned {
    return this.#queue.add(this.#nowMs + Math.max(0, ms), label, act);
  }

  /** Called after every step; may throw. */
  onStep(check: () => void): void {
    this.#afterStep.push(check);
  }

  /** Lets the next thing happen; false when nothing is left. Throws what a checker throws. */
  step(): boolean {
    const next = this.#queue.next();
    if (next === null) return false;
    this.#nowMs = next.atMs;
    this.steps += 1;
    this.trace.step(next.atMs, next.label);
    const { act } = next;
    next.act = null;
    act?.();
    drainMicrotasks();
    for (const check of this.#afterStep) check();
    return true;
  }

  /** Lets all that belongs to this moment happen: a timer that fires wakes its owner in a step of its own. */
  finishMoment(): void {
    while (this.#queue.nextAtMs() === this.#nowMs && this.step());
  }

  /** Steps until `done`, at most to `untilMs`; true when it is done. */
  run(done: () => boolean, untilMs: number): boolean {
    while (!done()) if (this.#nowMs >= untilMs || !this.step()) return done();
    return true;
  }
}
