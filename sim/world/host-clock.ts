/** Time as one host has it: its wall clock is set by people, it sleeps, and its processes are stopped. */
import type { Clock } from "../../runner/clock.ts";
import type { Scheduler } from "../../server/core.ts";
import type { World } from "./world.ts";

/** Milliseconds since 1970 at the beginning of every simulation. */
const BEGIN_MS = 1_700_000_000_000;

/** Of sums of fractions. */
const EPSILON_MS = 1e-6;

export class HostClock implements Clock, Scheduler {
  readonly #world: World;
  readonly #name: string;
  #wallAheadMs = 0;
  /** How long the host slept until now. */
  #sleptMs = 0;
  #asleepSinceMs: number | null = null;
  #frozen = false;
  /** What came due while nothing ran here. */
  #held: (() => void)[] = [];

  constructor(world: World, name: string) {
    this.#world = world;
    this.#name = name;
  }

  now(): number {
    return Math.floor(BEGIN_MS + this.#world.nowMs + this.#wallAheadMs);
  }

  /** Stands still while the host sleeps. */
  mono(): number {
    return (this.#asleepSinceMs ?? this.#world.nowMs) - this.#sleptMs;
  }

  after(ms: number, act: () => void): () => void {
    // What is never due must not draw the time to infinity.
    if (!Number.isFinite(ms)) return () => undefined;
    const dueMono = this.mono() + Math.max(0, ms);
    let isOff = false;
    const fire = () => {
      if (isOff) return;
      const leftMs = dueMono - this.mono();
      if (leftMs > EPSILON_MS)
        planned = this.#world.after(leftMs, this.#name, () => this.#pass(fire));
      else act();
    };
    let planned = this.#world.after(ms, this.#name, () => this.#pass(fire));
    return () => {
      isOff = true;
      planned.act = null;
    };
  }

  soon(act: () => void): void {
    this.after(0, act);
  }

  /** When something reaches this host: at once, or when it runs again. */
  arrive(act: () => void): void {
    this.#pass(act);
  }

  /** Somebody sets the wall clock. */
  jump(ms: number): void {
    this.#wallAheadMs += ms;
  }

  /** SIGSTOP: time goes on, nothing runs. */
  freeze(): void {
    this.#frozen = true;
  }

  /** The host sleeps: its monotonic clock stands still too. */
  sleep(): void {
    this.#frozen = true;
    this.#asleepSinceMs ??= this.#world.nowMs;
  }

  /** Ends `freeze` and `sleep`: what was held happens now, in its order. */
  wake(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    if (this.#asleepSinceMs !== null) this.#sleptMs += this.#world.nowMs - this.#asleepSinceMs;
    this.#asleepSinceMs = null;
    for (const act of this.#held.splice(0)) this.#world.after(0, this.#name, () => this.#pass(act));
  }

  get isFrozen(): boolean {
    return this.#frozen;
  }

  #pass(act: () => void): void {
    if (this.#frozen) this.#held.push(act);
    else act();
  }
}
