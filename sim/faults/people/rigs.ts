/** What people do to whole rigs: they delete them, and take most of them back. */
import { TRASH_KEPT_MS } from "../../play/play.ts";
import type { SimRandom } from "../../random.ts";
import type { FaultWorld } from "../fault.ts";
import { later, oneOf, type Act, type Wish } from "./act.ts";

/** Not before everything was asked for: nobody asks twice for what a rig in the trash has refused. */
function anyRig({ play }: FaultWorld, random: SimRandom) {
  if (play.beads.size < play.beadsWanted) return undefined;
  const rig = oneOf(
    [...play.view.rigs.keys()].filter((id) => !play.leaving.has(id)),
    random,
  );
  if (rig !== undefined) play.leaving.add(rig);
  return rig;
}
const workOf = (random: SimRandom) => (random.unit() < 0.7 ? "save" : "drop");

/** Taken back some time later, whether its runs have ended by then or not; too late, it is gone. */
export const deleteRig: Act = (_bead, random, world) => {
  const rig = anyRig(world, random);
  if (rig === undefined) return null;
  const gone = beadsOf(world, rig);
  const removed = () => later(world.play, random, restore(world, rig, gone));
  return ["rig.remove", { rig, work: workOf(random) }, removed];
};

/** Left to its time in the trash, or gone for good as soon as its runs have ended. */
export const purgeRig: Act = (_bead, random, world) => {
  const { play } = world;
  const rig = play.view.rigs.size < 2 ? undefined : anyRig(world, random);
  if (rig === undefined) return null;
  const gone = beadsOf(world, rig);
  const isLeft = random.unit() < 0.5;
  const purge: Wish = [
    "rig.purge",
    { rig },
    ({ ok }) => (ok ? isGone(world, rig, gone) : play.people.wish(...restore(world, rig, gone))),
  ];
  const leave = () => {
    for (const bead of gone) play.forgotten.add(bead);
    play.world.after(2 * TRASH_KEPT_MS, "a rig is gone", () => isGone(world, rig, gone));
  };
  const removed = () => (isLeft ? leave() : later(play, random, purge));
  return ["rig.remove", { rig, work: workOf(random) }, removed];
};

function restore(world: FaultWorld, rig: string, beads: readonly string[]): Wish {
  const answered: Wish[2] = ({ ok }) => {
    if (ok) world.play.leaving.delete(rig);
    else isGone(world, rig, beads);
  };
  return ["rig.restore", { rig }, answered];
}

function beadsOf({ play }: FaultWorld, rig: string): string[] {
  return [...play.view.issues.values()].filter(({ rigId }) => rigId === rig).map(({ id }) => id);
}

function isGone({ play }: FaultWorld, rig: string, beads: readonly string[]): void {
  play.purged.add(rig);
  for (const bead of beads) play.forgotten.add(bead);
}
