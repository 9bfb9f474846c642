/** What people want of the town over a play: rigs, beads alone, in convoys and of molecules, words to the Mayor. */
import type { Ack } from "../../protocol/error.ts";
import type { SimRandom } from "../random.ts";
import type { World } from "../world/world.ts";
import { sharedFileOf, titleOf } from "./content.ts";
import type { People } from "./people.ts";
import type { PlayRig } from "./rigs.ts";

const MODEL = {
  provider: "openai-compatible",
  baseUrl: "http://model.sim/v1",
  key: "k",
  model: "m",
};
/** People look at a plan for so long at most. */
const STAGED_MS_MAX = 4 * 60_000;
const STAGED = 0.2;
const GROUPED = 0.4;
const PRIORITIES = ["low", "medium", "high", "critical"] as const;

export interface WishParts {
  world: World;
  people: People;
  rigs: readonly PlayRig[];
  beads: number;
  /** All is asked for within this time. */
  withinMs: number;
  /** Told of the beads that people were given, with their numbers. */
  onBead: (n: number, id: string) => void;
}

/** Plans every wish; they are made when their time has come, work when its rigs are there. */
export function planWishes(parts: WishParts): void {
  const { world, people, rigs } = parts;
  const random = world.fork();
  people.wish("model.set", MODEL);
  let missing = rigs.length;
  for (const rig of rigs)
    people.wish("rig.add", rig.input, () => {
      missing -= 1;
      if (missing === 0) planWork(parts, random);
    });
}

function planWork(parts: WishParts, random: SimRandom): void {
  const { world, people, rigs, withinMs } = parts;
  let made = 0;
  while (made < parts.beads) {
    const size = random.unit() < GROUPED ? 2 + random.below(4) : 1;
    const count = Math.min(size, parts.beads - made);
    const first = made;
    made += count;
    const rig = rigs[random.below(rigs.length)];
    if (rig === undefined) throw new Error("a play needs a rig");
    const atMs = 1_000 + random.below(withinMs);
    const together = random.unit() < 0.5 ? slingConvoy : pour;
    const sling = count === 1 ? slingOne : together;
    world.after(atMs, "a person slings", () => sling(parts, random, { rig, first, count }));
  }
  const words = ["How is it going?", "Please write something nice.", "Thank you."];
  for (const text of words)
    world.after(random.below(withinMs), "a person speaks", () =>
      people.wish("mayor.say", { text }),
    );
}

interface Group {
  rig: PlayRig;
  first: number;
  count: number;
}

function slingOne({ people, onBead }: WishParts, random: SimRandom, { rig, first }: Group): void {
  const priority = PRIORITIES[random.below(PRIORITIES.length)];
  people.wish("bead.sling", { rig: rig.name, title: titleOf(first), priority }, (ack: Ack) => {
    if (ack.ok) onBead(first, (ack.value as { id: string }).id);
  });
}

/** A formula of its own for each group, whose parameters are the titles. */
function pour({ world, people, onBead }: WishParts, random: SimRandom, group: Group): void {
  const { rig, first, count } = group;
  const names = Array.from({ length: count }, (_, n) => `t${n}`);
  const steps = names.map((key, n) => ({
    ...{ key, title: `{{${key}}}` },
    dependsOn: n > 0 && random.unit() < 0.6 ? [`t${random.below(n)}`] : [],
  }));
  const name = `group-${first}`;
  const formula = { name, parameters: names.map((each) => ({ name: each })), steps };
  const parameters = Object.fromEntries(names.map((each, n) => [each, titleOf(first + n)]));
  const staged = random.unit() < STAGED;
  const body = { formula: name, rig: rig.name, parameters, staged };
  const begin = () => people.wish("formula.put", { formula }, pourIt);
  const pourIt = () =>
    people.wish("molecule.pour", body, (ack) => {
      // The town has forgotten the formula.
      if (!ack.ok) return begin();
      const { id, steps: poured } = ack.value as {
        id: string;
        steps: { n: number; beadId: string }[];
      };
      const start = () => people.wish("molecule.start", { molecule: id });
      if (staged) world.after(random.below(STAGED_MS_MAX), "a person starts a molecule", start);
      for (const { n, beadId } of poured) onBead(first + n - 1, beadId);
    });
  begin();
}

function slingConvoy({ world, people, onBead }: WishParts, random: SimRandom, group: Group): void {
  const { rig, first, count } = group;
  const tasks = Array.from({ length: count }, (_, n) => ({
    key: `t${n}`,
    title: titleOf(first + n),
    dependsOn: n > 0 && random.unit() < 0.6 ? [`t${random.below(n)}`] : [],
  }));
  // What shares a file conflicts with the target, which is for a bead's author to mend.
  const shares = tasks.some((_, n) => sharedFileOf(first + n) !== null);
  const mode = shares || random.unit() < 0.5 ? "review-and-merge" : "review-then-land";
  const staged = random.unit() < STAGED;
  const body = { rig: rig.name, title: `Convoy of ${first}`, tasks, parallel: true, mode, staged };
  people.wish("convoy.sling", body, (ack) => {
    if (!ack.ok) return;
    const { beads, convoy } = ack.value as {
      beads: { id: string; title: string }[];
      convoy: { id: string };
    };
    const start = () => people.wish("convoy.start", { convoy: convoy.id });
    if (staged) world.after(random.below(STAGED_MS_MAX), "a person starts a convoy", start);
    for (const { id, title } of beads) {
      const n = tasks.findIndex((task) => task.title === title);
      onBead(first + n, id);
    }
  });
}
