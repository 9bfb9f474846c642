/** What people do to the town: its figures, limits, rigs and agents. */
import { RUNNER_RIGHTS } from "../../../protocol/entities/runner-rights.ts";
import { later, oneOf, type Act, type Wish } from "./act.ts";

export const settings: Act = (_bead, random, { play }) => {
  const rig = oneOf(play.rigs, random);
  if (rig === undefined) return null;
  const set =
    random.unit() < 0.5 ? { slots: 2 + random.below(6) } : { codeReview: random.unit() < 0.5 };
  return random.unit() < 0.2
    ? ["rig.recheck", { rig: rig.name }]
    : ["rig.update", { rig: rig.name, set }];
};

/** Figures of people without patience. */
export const FIGURES = [
  ["reviewTriesMax", 1],
  ["infraPatienceMs", 1_000],
  ["infraPatienceMs", 5_000],
  ["roundsMax", 1],
  ["workAttemptsMax", 1],
  ["workAttemptsMax", 2],
  ["startFailuresMax", 1],
  ["turnTriesMax", 1],
  ["stallsMax", 1],
  ["stopGraceMs", 45_000],
  ["awayGraceMs", 2_000],
] as const;
/** Such a figure holds for so long at most. */
const FIGURE_MS_MAX = 5 * 60_000;

export const figures: Act = (_bead, random, { play }) => {
  const [key, value] = FIGURES[random.below(FIGURES.length)] ?? FIGURES[0];
  return [
    "settings.set",
    { key, value },
    () => later(play, random, ["settings.unset", { key }], FIGURE_MS_MAX),
  ];
};

/** Nothing new, or nothing at all, for a while. */
export const pause: Act = (_bead, random, { play }) => [
  random.unit() < 0.5 ? "town.pause" : "town.stop",
  {},
  () => later(play, random, ["town.resume", {}]),
];

/** A host that is to be left, and is given back; often after the grace of what runs there. */
export const away: Act = (_bead, random, { play }) => {
  const runner = oneOf(
    [...play.view.runners.values()].filter((each) => each.away === null),
    random,
  );
  if (runner === undefined) return null;
  return [
    "runner.drain",
    { runner: runner.id },
    () => later(play, random, ["runner.resume", { runner: runner.id }], AWAY_MS_MAX),
  ];
};
const AWAY_MS_MAX = 3 * 60_000;

/** A runner may do less for a while; or a rig wants a label, which one runner is given first, most often. */
export const grants: Act = (_bead, random, { play }) => {
  const runner = oneOf([...play.view.runners.values()], random)?.id;
  const rig = oneOf(play.rigs, random)?.name;
  if (runner === undefined || rig === undefined) return null;
  if (random.unit() < 0.6) {
    const left = RIGHTS_LEFT[random.below(RIGHTS_LEFT.length)] ?? [];
    return [
      "runner.rights",
      { runner, rights: left },
      () => later(play, random, ["runner.rights", { runner, rights: RUNNER_RIGHTS }], AWAY_MS_MAX),
    ];
  }
  const wish = (labels: string[]): Wish => ["rig.update", { rig, set: { labels } }];
  const labels = random.unit() < 0.7 ? ["roomy"] : [];
  return [
    "runner.label",
    { runner, labels },
    () => {
      play.people.wish(...wish(["roomy"]));
      later(play, random, wish([]), AWAY_MS_MAX);
    },
  ];
};
const RIGHTS_LEFT = [[], ["model"], ["merge"]] as const;

/** A limit that some runs meet; it is lifted again. */
export const budget: Act = (bead, random, { play }) => {
  const ofBead = { scope: "bead", of: bead };
  const limit = random.unit() < 0.5 ? ofBead : { scope: random.unit() < 0.7 ? "run" : "day" };
  const tokens = 100 + random.below(600);
  return [
    "budget.set",
    { ...limit, tokens },
    () => later(play, random, ["budget.set", { ...limit, tokens: null }]),
  ];
};

export const agents: Act = (_bead, random, { play }) => {
  const agent = oneOf(
    [...play.view.agents.values()].filter(({ state }) => state !== "retired"),
    random,
  );
  if (agent === undefined) return null;
  return [random.unit() < 0.6 ? "agent.reset" : "agent.retire", { agent: agent.id }];
};

/** Whoever owns a repository forbids what lands there, until somebody notices. */
export const protect: Act = (bead, random, { play }) => {
  const rig = oneOf(play.rigs, random);
  if (rig === undefined) return null;
  const remote = play.forge.at(rig.url);
  remote.denies = (ref) => LANDINGS.has(ref);
  play.world.trace.say("person", `protects ${rig.name}`);
  play.world.after(random.below(PROTECTED_MS_MAX), "a branch is open again", () => {
    remote.denies = () => false;
  });
  return ["bead.comment", { bead, text: "The branch is protected now." }];
};
const LANDINGS = new Set(["refs/heads/main", "refs/heads/gastown/landed/main"]);
const PROTECTED_MS_MAX = 2 * 60_000;
