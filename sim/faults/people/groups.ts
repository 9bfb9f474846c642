/** What people do to convoys and molecules. */
import type { SimRandom } from "../../random.ts";
import type { FaultWorld } from "../fault.ts";
import { later, oneOf, releaseAgain, type Act, type Wish } from "./act.ts";

/** A convoy, most often one that lands or has failed: decided about, cancelled, paused for a while. */
export const convoy: Act = (_bead, random, { play }) => {
  const all = [...play.view.convoys.values()];
  const decided = all.filter(({ state }) => state === "landing" || state === "failed");
  const of = oneOf(decided.length > 0 && random.unit() < 0.8 ? decided : all, random);
  if (of === undefined) return null;
  const choice = (["retry", "drop", "land_without"] as const)[random.below(3)];
  const failed = of.question?.beads[0];
  if (failed !== undefined) {
    const body = { convoy: of.id, bead: failed, choice };
    return ["convoy.decide", body, () => releaseAgain(play, failed)];
  }
  const isDecided = of.state === "landing" || of.state === "failed";
  if (random.unit() < (isDecided ? 0.3 : 0.1)) return ["convoy.cancel", { convoy: of.id }];
  if (of.state === "landing") return whileItLands(of.id, random, play);
  return [
    "convoy.pause",
    { convoy: of.id },
    () => later(play, random, ["convoy.resume", { convoy: of.id }]),
  ];
};

/** The landing is cancelled, or a task that needed none is wanted after all. */
function whileItLands(id: string, random: SimRandom, { view }: FaultWorld["play"]): Wish | null {
  const members = [...view.issues.values()].filter(({ convoyId }) => convoyId === id);
  const landing = members.find((each) => each.landing && each.status !== "closed");
  const answered = members.filter((each) => each.outcome === "answered");
  const again = random.unit() < 0.7 ? oneOf(answered, random) : undefined;
  if (again !== undefined) return ["bead.reopen", { bead: again.id }];
  return landing === undefined ? null : ["bead.cancel", { bead: landing.id }];
}

/** About a step that failed or was cancelled. */
export const decideStep: Act = (_bead, random, { play }) => {
  const lost = [...play.view.molecules.values()].flatMap(({ id, steps }) =>
    steps
      .filter(({ status, outcome }) => status === "failed" || outcome === "cancelled")
      .map((step) => ({ molecule: id, step: step.beadId })),
  );
  const chosen = oneOf(lost, random);
  if (chosen === undefined) return null;
  const others = play.view.molecules.get(chosen.molecule)?.steps ?? [];
  const isLast = others.every(
    ({ beadId, status }) => beadId === chosen.step || status === "closed",
  );
  // Most often they wait for the others.
  if (!isLast && random.unit() < 0.6) return null;
  const body = { ...chosen, choice: isLast || random.unit() < 0.3 ? "skip" : "retry" };
  return ["molecule.decide", body, () => releaseAgain(play, chosen.step)];
};

export const cancelMolecule: Act = (_bead, random, { play }) => {
  const going = [...play.view.molecules.values()].filter(
    ({ state }) => state !== "done" && state !== "cancelled",
  );
  const stuck = going.filter(({ state }) => state === "asking" || state === "failed");
  // Most molecules are left to themselves.
  const chosen = stuck.length > 0 ? stuck : random.unit() < 0.3 ? going : [];
  const molecule = oneOf(chosen, random)?.id;
  return molecule === undefined ? null : ["molecule.cancel", { molecule }];
};
