/** What people do to convoys and molecules. */
import { later, oneOf, type Act } from "./act.ts";

/** A convoy of chance: paused for a while, decided about, cancelled. */
export const convoy: Act = (_bead, random, { play }) => {
  const all = [...play.view.convoys.values()];
  const decided = all.filter(({ state }) => state === "landing" || state === "failed");
  const of = oneOf(decided.length > 0 && random.unit() < 0.6 ? decided : all, random);
  if (of === undefined) return null;
  const choice = (["retry", "drop", "land_without"] as const)[random.below(3)];
  const failed = of.question?.beads[0];
  if (failed !== undefined) return ["convoy.decide", { convoy: of.id, bead: failed, choice }];
  const isDecided = of.state === "landing" || of.state === "failed";
  if (random.unit() < (isDecided ? 0.5 : 0.15)) return ["convoy.cancel", { convoy: of.id }];
  return [
    "convoy.pause",
    { convoy: of.id },
    () => later(play, random, ["convoy.resume", { convoy: of.id }]),
  ];
};

/** About a step that failed or was cancelled. */
export const decideStep: Act = (_bead, random, { play }) => {
  const lost = [...play.view.molecules.values()].flatMap(({ id, steps }) =>
    steps
      .filter(({ status, outcome }) => status === "failed" || outcome === "cancelled")
      .map((step) => ({ molecule: id, step: step.beadId })),
  );
  const chosen = oneOf(lost, random);
  if (chosen === undefined) return null;
  return ["molecule.decide", { ...chosen, choice: random.unit() < 0.5 ? "retry" : "skip" }];
};

export const cancelMolecule: Act = (_bead, random, { play }) => {
  const going = [...play.view.molecules.values()].filter(
    ({ state }) => state !== "done" && state !== "cancelled",
  );
  const stuck = going.filter(({ state }) => state === "asking" || state === "failed");
  // Most molecules are left to themselves.
  const chosen = random.unit() < 0.4 ? oneOf(stuck.length > 0 ? stuck : going, random) : undefined;
  return chosen === undefined ? null : ["molecule.cancel", { molecule: chosen.id }];
};
