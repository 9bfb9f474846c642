import { expect, test } from "bun:test";
import { lineOf, fileOf } from "./content.ts";
import { Play } from "./play.ts";
import { SMALL, type Scenario } from "./scenario.ts";

const HOUR_MS = 3_600_000;
const scenario: Scenario = {
  seed: 3,
  size: { ...SMALL, beads: 5 },
  faults: [],
  activeMs: 120_000,
  traceLines: 0,
};

/** Plays until every bead has been closed; returns how each was. */
function playOut(play: Play): Map<string, string | null> {
  const closed = new Map<string, string | null>();
  play.hooks.changes = (_epoch, changes) => {
    for (const { image } of changes)
      if (image.kind === "issue" && image.value?.status === "closed")
        closed.set(image.id, image.value.outcome);
  };
  expect(play.world.run(() => closed.size === scenario.size.beads, HOUR_MS)).toBe(true);
  return closed;
}

test("[SIM-world] production town and runners land every bead in memory, and only its change", () => {
  const play = new Play(scenario);
  const closed = playOut(play);
  expect([...closed.values()]).toEqual(Array(scenario.size.beads).fill("landed"));
  expect([...closed.keys()].toSorted()).toEqual([...play.beads.values()].toSorted());
  const landed = play.rigs.flatMap(({ url, input }) => {
    const branch = input.delivery === "merge" ? "main" : "gastown/landed/main";
    return [...play.forge.filesOf(url, branch)];
  });
  for (const n of play.beads.keys())
    expect(landed.filter(([path]) => path === fileOf(n))).toEqual([[fileOf(n), lineOf(n)]]);
}, 60_000);

test("[SIM-world] the same seed plays the same, to the last step; another does not", () => {
  const [one, two] = [new Play(scenario), new Play(scenario)];
  const other = new Play({ ...scenario, seed: 4 });
  for (const play of [one, two, other]) playOut(play);
  expect(two.world.trace.hash).toBe(one.world.trace.hash);
  expect(two.world.steps).toBe(one.world.steps);
  expect(other.world.trace.hash).not.toBe(one.world.trace.hash);
}, 60_000);
