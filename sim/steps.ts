/** Drives a simulation: everything that can happen now happens, then time goes on to the next timer. */
import type { SimClock } from "./clock.ts";

/** Everything is waiting, and nothing will ever come. */
export class Stuck extends Error {}

/**
 * Runs until `done`, and returns the steps it took: timers that fired.
 * Throws `Stuck` when nothing is left to happen, or after `stepsMax`.
 */
export async function runUntil(
  clock: SimClock,
  done: () => boolean,
  stepsMax: number,
): Promise<number> {
  for (let steps = 0; ; steps++) {
    await settle();
    if (done()) return steps;
    if (steps >= stepsMax) throw new Stuck(`not done after ${steps} steps`);
    if (!clock.fireNext()) throw new Stuck("nothing is left to happen");
  }
}

/** Resolves when no promise has anything left to do: there is no I/O that one could wait for. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
