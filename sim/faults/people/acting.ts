/** People who act in the middle of things: they edit, hold, cancel, stop, reopen, and change settings. */
import { again, type Fault } from "../fault.ts";
import type { Act } from "./act.ts";
import { answer, decide, mail, resolve } from "./answers.ts";
import { cancel, close, comment, edit, hold, remove, reopen, resume, stopRun } from "./beads.ts";
import { rework, take, wake } from "./hands.ts";
import { cancelMolecule, convoy, decideStep } from "./groups.ts";
import { deleteRig, purgeRig } from "./rigs.ts";
import { agents, away, budget, figures, grants, pause, protect, settings } from "./town.ts";

interface Acting {
  name: string;
  everyMs: number;
  act: Act;
}

const acts: readonly Acting[] = [
  { name: "people-edit", everyMs: 30_000, act: edit },
  { name: "people-comment", everyMs: 60_000, act: comment },
  { name: "people-close", everyMs: 200_000, act: close },
  { name: "people-cancel", everyMs: 200_000, act: cancel },
  { name: "people-reopen", everyMs: 60_000, act: reopen },
  { name: "people-delete", everyMs: 300_000, act: remove },
  { name: "people-hold", everyMs: 90_000, act: hold },
  { name: "people-resume", everyMs: 60_000, act: resume },
  { name: "people-stop-run", everyMs: 90_000, act: stopRun },
  { name: "people-settings", everyMs: 150_000, act: settings },
  { name: "people-figures", everyMs: 150_000, act: figures },
  { name: "people-pause", everyMs: 400_000, act: pause },
  { name: "people-away", everyMs: 300_000, act: away },
  { name: "people-grants", everyMs: 200_000, act: grants },
  { name: "people-answer", everyMs: 60_000, act: answer },
  { name: "people-decide", everyMs: 60_000, act: decide },
  { name: "people-step", everyMs: 60_000, act: decideStep },
  { name: "people-cancel-molecule", everyMs: 200_000, act: cancelMolecule },
  { name: "people-mail", everyMs: 60_000, act: mail },
  { name: "people-budget", everyMs: 200_000, act: budget },
  { name: "people-convoy", everyMs: 90_000, act: convoy },
  { name: "people-resolve", everyMs: 120_000, act: resolve },
  { name: "people-agents", everyMs: 150_000, act: agents },
  { name: "people-protect", everyMs: 250_000, act: protect },
  { name: "people-delete-rig", everyMs: 300_000, act: deleteRig },
  { name: "people-purge-rig", everyMs: 600_000, act: purgeRig },
];

const handActs: readonly Acting[] = [
  { name: "people-take", everyMs: 90_000, act: take },
  { name: "people-wake", everyMs: 90_000, act: wake },
  { name: "people-rework", everyMs: 60_000, act: rework },
];

export const peopleFaults: readonly Fault[] = acts.map(faultOf);
/** In a list of their own: what a seed draws from the others stays as it is. */
export const handFaults: readonly Fault[] = handActs.map(faultOf);

function faultOf({ name, everyMs, act }: Acting): Fault {
  const begin: Fault["begin"] = (world) => {
    const { play, random } = world;
    again(world, `a person may act: ${name}`, everyMs, () => {
      const ids = [...play.beads.values()];
      const bead = ids[random.below(ids.length)];
      const wish = bead === undefined ? null : act(bead, random, world);
      if (wish === null) return;
      world.fired();
      play.people.wish(...wish);
    });
  };
  return { name, group: "people", begin };
}
