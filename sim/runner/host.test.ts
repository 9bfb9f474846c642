import { expect, test } from "bun:test";
import { expectLandedOnce, play, stage, STEPS_MAX } from "../../tests/support/one-bead.ts";
import { runUntil } from "../steps.ts";

test("[SIM-runner] a bead goes from work to landing through the production runner, in memory", async () => {
  const scene = stage();
  scene.host.start();
  const steps = await runUntil(scene.clock, () => scene.town.done, STEPS_MAX);
  expectLandedOnce(scene);
  expect(scene.town.of("exit").map(({ outcome }) => outcome)).toEqual(Array(4).fill("done"));
  expect(steps).toBeGreaterThan(100);
});

test("[SIM-runner] the same seed plays the same, to the last boundary and log line", async () => {
  const blows = [{ at: 150, how: "kill" }] as const;
  const [one, two] = [await play(blows), await play(blows)];
  expect(two.moments).toEqual(one.moments);
  expect(two.scene.log).toEqual(one.scene.log);
  expect(two.scene.town.facts).toEqual(one.scene.town.facts);
});
