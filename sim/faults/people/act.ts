import type { Ack } from "../../../protocol/error.ts";
import type { SimRandom } from "../../random.ts";
import type { FaultWorld } from "../fault.ts";

/** A command, and what follows when it was answered. */
export type Wish = [name: string, body: object, answered?: (ack: Ack) => void];

/** One act, with a bead of chance; null: there is nothing to be done. */
export type Act = (bead: string, random: SimRandom, world: FaultWorld) => Wish | null;

/** People take back what they did within this time. */
const LATER_MS_MAX = 60_000;

export function later(
  { world, people }: FaultWorld["play"],
  random: SimRandom,
  wish: Wish,
  withinMs = LATER_MS_MAX,
): void {
  world.after(random.below(withinMs), `a person calls ${wish[0]}`, () => people.wish(...wish));
}

/** Whoever has a bead tried again does not leave it held, whoever held it. */
export function releaseAgain({ people, view }: FaultWorld["play"], bead: string): void {
  if (view.issues.get(bead)?.held !== false) people.wish("bead.release", { bead });
}

/** One of them by chance; undefined when there is none. */
export function oneOf<T>(all: readonly T[], random: SimRandom): T | undefined {
  return all[random.below(all.length)];
}
