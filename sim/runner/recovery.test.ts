import { expect, test } from "bun:test";
import {
  expectLandedAfter,
  expectLandedOnce,
  play,
  stage,
  STEPS_MAX,
} from "../../tests/support/one-bead.ts";
import { SimRandom } from "../random.ts";
import { runUntil } from "../steps.ts";

test("[SIM-runner] a bead goes from work to landing through the production runner, in memory", async () => {
  const scene = stage();
  scene.host.start();
  const steps = await runUntil(scene.clock, () => scene.town.done, STEPS_MAX);
  expectLandedOnce(scene);
  expect(scene.town.of("exit").map(({ outcome }) => outcome)).toEqual(Array(4).fill("done"));
  expect(steps).toBeGreaterThan(100);
});

test("[SIM-runner] after a kill at any boundary of its ports the bead lands exactly once", async () => {
  const clean = await play([]);
  for (const [at, moment] of clean.moments.entries()) {
    const played = await play([{ at, how: "kill" }]);
    expect(played.moments.slice(0, at + 1)).toEqual(clean.moments.slice(0, at + 1));
    expectLandedAfter(`kill at boundary ${at}, ${moment}`, played);
  }
  const hit = new Set(clean.moments);
  for (const port of ["ask facts", "take offer", "works.refs.push", "works.trees.save", "commit"])
    for (const moment of [`before ${port}`, `after ${port}`]) expect(hit).toContain(moment);
}, 120_000);

test("[SIM-runner] after a power loss at any commit the bead lands exactly once", async () => {
  const clean = await play([]);
  for (const [at, moment] of clean.moments.entries()) {
    if (!moment.endsWith("commit")) continue;
    const played = await play([{ at, how: "power" }]);
    expectLandedAfter(`power loss at boundary ${at}, ${moment}`, played);
  }
}, 120_000);

test("[SIM-runner] a second kill while the first is recovered from changes nothing of that", async () => {
  const clean = await play([]);
  const random = new SimRandom(7);
  for (let n = 0; n < 100; n++) {
    const at = random.below(clean.moments.length);
    const again = at + 1 + random.below(60);
    const blows = [
      { at, how: "kill" },
      { at: again, how: "kill" },
    ] as const;
    expectLandedAfter(`kills at boundaries ${at} and ${again}`, await play(blows));
  }
}, 120_000);

test("[SIM-runner] the same seed plays the same, to the last boundary and log line", async () => {
  const blows = [{ at: 150, how: "kill" }] as const;
  const [one, two] = [await play(blows), await play(blows)];
  expect(two.moments).toEqual(one.moments);
  expect(two.scene.log).toEqual(one.scene.log);
  expect(two.scene.town.facts).toEqual(one.scene.town.facts);
});
