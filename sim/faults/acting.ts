/** People who act in the middle of things: they edit, hold, cancel, stop, reopen, and change settings. */
import type { SimRandom } from "../random.ts";
import { again, type Fault, type FaultWorld } from "./fault.ts";

const PRIORITIES = ["low", "medium", "high", "critical"] as const;

/** One act on a bead of chance; null: nothing to be done with it. */
type Act = (
  bead: string,
  random: SimRandom,
  world: FaultWorld,
) => [name: string, body: object] | null;

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
  { name: "people-decide", everyMs: 60_000, act: decide },
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

function hold(bead: string, random: SimRandom, { play }: FaultWorld): [string, object] {
  play.world.after(random.below(60_000), "a person releases", () =>
    play.people.wish("bead.release", { bead }),
  );
  return ["bead.hold", { bead }];
}

function stopRun(bead: string, _random: SimRandom, { play }: FaultWorld): [string, object] | null {
  const run = play.view.issues.get(bead)?.runId ?? null;
  return run === null ? null : ["run.stop", { run }];
}

function settings(_bead: string, random: SimRandom, { play }: FaultWorld): [string, object] | null {
  const rig = play.rigs[random.below(play.rigs.length)];
  if (rig === undefined) return null;
  const set =
    random.unit() < 0.5 ? { slots: 2 + random.below(6) } : { codeReview: random.unit() < 0.5 };
  return random.unit() < 0.2
    ? ["rig.recheck", { rig: rig.name }]
    : ["rig.update", { rig: rig.name, set }];
}

function decide(bead: string, random: SimRandom, { play }: FaultWorld): [string, object] | null {
  const review = play.view.issues.get(bead)?.reviewId ?? null;
  if (review === null || play.view.reviews.get(review)?.state !== "needs_person") return null;
  const verdict = random.unit() < 0.5 ? "approve" : "request_changes";
  return ["review.decide", { review, verdict, feedback: "Try once more." }];
}
