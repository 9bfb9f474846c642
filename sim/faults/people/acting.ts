/** People who act in the middle of things: they edit, hold, cancel, stop, reopen, and change settings. */
import type { SimRandom } from "../random.ts";
import { again, type Fault, type FaultWorld } from "./fault.ts";

const PRIORITIES = ["low", "medium", "high", "critical"] as const;

/** A command, and what follows when it was answered. */
type Wish = [name: string, body: object, answered?: () => void];
/** One act on a bead of chance; null: nothing to be done with it. */
type Act = (bead: string, random: SimRandom, world: FaultWorld) => Wish | null;

const acts: readonly { name: string; everyMs: number; act: Act }[] = [
  {
    name: "people-edit",
    everyMs: 30_000,
    act: (bead, random) => [
      "bead.update",
      { bead, set: { priority: PRIORITIES[random.below(PRIORITIES.length)] ?? "low" } },
    ],
  },
  {
    name: "people-comment",
    everyMs: 60_000,
    act: (bead) => ["bead.comment", { bead, text: "Well." }],
  },
  {
    name: "people-close",
    everyMs: 200_000,
    act: (bead) => ["bead.close", { bead, outcome: "answered" }],
  },
  { name: "people-cancel", everyMs: 200_000, act: (bead) => ["bead.cancel", { bead }] },
  { name: "people-reopen", everyMs: 60_000, act: (bead) => ["bead.reopen", { bead }] },
  { name: "people-hold", everyMs: 90_000, act: hold },
  { name: "people-stop-run", everyMs: 90_000, act: stopRun },
  { name: "people-settings", everyMs: 150_000, act: settings },
  { name: "people-pause", everyMs: 400_000, act: pauseTown },
  { name: "people-answer", everyMs: 90_000, act: answer },
  { name: "people-decide", everyMs: 60_000, act: decide },
  { name: "people-step", everyMs: 60_000, act: decideStep },
  { name: "people-cancel-molecule", everyMs: 600_000, act: cancelMolecule },
  { name: "people-mail", everyMs: 60_000, act: mail },
  { name: "people-budget", everyMs: 200_000, act: budget },
  { name: "people-convoy", everyMs: 90_000, act: convoy },
  { name: "people-resolve", everyMs: 120_000, act: resolve },
];

export const peopleFaults: readonly Fault[] = acts.map(({ name, everyMs, act }) => ({
  name,
  group: "people",
  begin: (world) => {
    const { play, random } = world;
    again(world, `a person may act: ${name}`, everyMs, () => {
      const ids = [...play.beads.values()];
      const bead = ids[random.below(ids.length)];
      const wish = bead === undefined ? null : act(bead, random, world);
      if (wish === null) return;
      world.fired();
      play.people.wish(...wish);
    });
  },
}));

/** Whoever holds a bead releases it some time later. */
function hold(bead: string, random: SimRandom, { play }: FaultWorld): Wish {
  return ["bead.hold", { bead }, () => later(play, random, ["bead.release", { bead }])];
}

/** As `hold`, of the whole town. */
function pauseTown(_bead: string, random: SimRandom, { play }: FaultWorld): Wish {
  const command = random.unit() < 0.5 ? "town.pause" : "town.stop";
  return [command, {}, () => later(play, random, ["town.resume", {}])];
}

function later({ world, people }: FaultWorld["play"], random: SimRandom, wish: Wish): void {
  world.after(random.below(60_000), `a person calls ${wish[0]}`, () => people.wish(...wish));
}

/** Of the newest question that is open. */
function answer(_bead: string, random: SimRandom, { play }: FaultWorld): Wish | null {
  const open = [...play.view.questions.values()].filter(({ state }) => state === "open");
  const question = open[random.below(open.length)];
  return question === undefined
    ? null
    : ["question.answer", { question: question.id, answer: "Yes." }];
}

function stopRun(bead: string, _random: SimRandom, { play }: FaultWorld): Wish | null {
  const run = play.view.issues.get(bead)?.runId ?? null;
  return run === null ? null : ["run.stop", { run }];
}

function settings(_bead: string, random: SimRandom, { play }: FaultWorld): Wish | null {
  const rig = play.rigs[random.below(play.rigs.length)];
  if (rig === undefined) return null;
  const set =
    random.unit() < 0.5 ? { slots: 2 + random.below(6) } : { codeReview: random.unit() < 0.5 };
  return random.unit() < 0.2
    ? ["rig.recheck", { rig: rig.name }]
    : ["rig.update", { rig: rig.name, set }];
}

function decide(bead: string, random: SimRandom, { play }: FaultWorld): Wish | null {
  const review = play.view.issues.get(bead)?.reviewId ?? null;
  if (review === null || play.view.reviews.get(review)?.state !== "needs_person") return null;
  const verdict = random.unit() < 0.5 ? "approve" : "request_changes";
  return ["review.decide", { review, verdict, feedback: "Try once more." }];
}

/** About a step that failed or was cancelled. */
function decideStep(_bead: string, random: SimRandom, { play }: FaultWorld): Wish | null {
  const lost = [...play.view.molecules.values()].flatMap(({ id, steps }) =>
    steps
      .filter(({ status, outcome }) => status === "failed" || outcome === "cancelled")
      .map((step) => ({ molecule: id, step: step.beadId })),
  );
  const chosen = lost[random.below(lost.length)];
  if (chosen === undefined) return null;
  return ["molecule.decide", { ...chosen, choice: random.unit() < 0.5 ? "retry" : "skip" }];
}

function cancelMolecule(_bead: string, random: SimRandom, { play }: FaultWorld): Wish | null {
  const going = [...play.view.molecules.values()].filter(({ state }) => state === "active");
  const molecule = going[random.below(going.length)];
  return molecule === undefined ? null : ["molecule.cancel", { molecule: molecule.id }];
}

function mail(bead: string, random: SimRandom): Wish {
  const mode = (["wait_idle", "queue"] as const)[random.below(2)];
  return ["mail.send", { to: bead, text: "Mind the gap.", mode, minutes: 1 + random.below(30) }];
}

/** A limit that some runs meet; it is lifted again. */
function budget(bead: string, random: SimRandom, { play }: FaultWorld): Wish {
  const ofBead = { scope: "bead", of: bead };
  const limit = random.unit() < 0.5 ? ofBead : { scope: random.unit() < 0.7 ? "run" : "day" };
  const lift: Wish = ["budget.set", { ...limit, tokens: null }];
  const tokens = 100 + random.below(600);
  return ["budget.set", { ...limit, tokens }, () => later(play, random, lift)];
}

/** Of a convoy of chance: paused for a while, decided about, cancelled. */
function convoy(_bead: string, random: SimRandom, { play }: FaultWorld): Wish | null {
  const convoys = [...play.view.convoys.values()];
  const of = convoys[random.below(convoys.length)];
  if (of === undefined) return null;
  const choice = (["retry", "drop", "land_without"] as const)[random.below(3)];
  const failed = of.question?.beads[0];
  if (failed !== undefined) return ["convoy.decide", { convoy: of.id, bead: failed, choice }];
  if (random.unit() < 0.15) return ["convoy.cancel", { convoy: of.id }];
  const resume: Wish = ["convoy.resume", { convoy: of.id }];
  return ["convoy.pause", { convoy: of.id }, () => later(play, random, resume)];
}

function resolve(_bead: string, random: SimRandom, { play }: FaultWorld): Wish | null {
  const open = [...play.view.escalations.values()].filter(({ state }) => state !== "resolved");
  const one = open[random.below(open.length)];
  if (one === undefined) return null;
  const command = random.unit() < 0.6 ? "escalation.acknowledge" : "escalation.resolve";
  return [command, { escalation: one.id }];
}
