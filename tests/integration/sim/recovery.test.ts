import { expect, test } from "bun:test";
import type { NetworkFault } from "../../../sim/git/forge.ts";
import { SimRandom } from "../../../sim/random.ts";
import type { Fate } from "../../../sim/runner/network.ts";
import { expectLandedAfter, play, url, type Played, type Stage } from "../../support/one-bead.ts";

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

test("[SIM-runner] a disk that is full at any commit ends the runner with a sentence, and costs nothing", async () => {
  const clean = await play([]);
  for (const [at, moment] of clean.moments.entries()) {
    if (moment !== "before commit") continue;
    const played = await play([{ at, how: "full" }]);
    expect(played.scene.log.join("")).toContain("The runner's disk fails");
    expectLandedAfter(`full disk at boundary ${at}`, played);
  }
}, 120_000);

test("[SIM-runner] a push of a killed runner that arrives late, even after the next start, lands nothing twice", async () => {
  const clean = await play([]);
  for (const [at, moment] of clean.moments.entries()) {
    if (moment !== "within works.refs.push") continue;
    for (const lateMs of [0, 300, 503, 507, 512, 520, 540, 5_000]) {
      const lingers = (name: string) => (name === "works.refs.push" ? lateMs : null);
      const played = await play([{ at, how: "kill" }], { lingers });
      expectLandedAfter(`push of boundary ${at}, ${lateMs} ms late`, played, { branches: true });
    }
  }
}, 120_000);

test("[SIM-runner] a runner that stands still for minutes at any tenth boundary lands the bead once", async () => {
  const clean = await play([]);
  for (let at = 0; at < clean.moments.length; at += 10) {
    const played = await play([{ at, how: "freeze" }]);
    expectLandedAfter(`frozen at boundary ${at}, ${clean.moments[at]}`, played, { branches: true });
  }
}, 120_000);

test("[SIM-runner] a run that a person stops at any boundary ends once, and another lands the bead", async () => {
  const clean = await play([]);
  let stopped = 0;
  for (let at = 0; at < clean.moments.length; at++) {
    const killed = at % 3 === 0 ? [{ at: at + 5, how: "kill" as const }] : [];
    const played = await play([{ at, how: "stop" }, ...killed]);
    stopped += played.scene.town.of("exit").filter((e) => e.outcome === "stopped_by_person").length;
    expectLandedAfter(`stop at boundary ${at}`, played, { branches: true });
  }
  expect(stopped).toBeGreaterThan(clean.moments.length / 3);
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

/** A world in which things go wrong by chance until `quietMs`, and never after. */
function unruly(seed: number, clock: () => { mono(): number }, quietMs: number) {
  const random = new SimRandom(seed);
  const chance = (share: number) => clock().mono() < quietMs && random.unit() < share;
  const faults: NetworkFault[] = ["unreachable", "timed_out", "answer_lost"];
  const fate = (): Fate => ({
    delayMs: 1 + random.below(clock().mono() < quietMs ? 400 : 5),
    lost: chance(0.02),
    doubled: chance(0.03),
  });
  const fault = () => (chance(0.15) ? (faults[random.below(faults.length)] ?? null) : null);
  return { random, fate, fault };
}

async function playUnruly(seed: number): Promise<Played> {
  let scene: Stage | null = null;
  const { random, fate, fault } = unruly(seed, () => scene?.clock ?? { mono: () => 0 }, 120_000);
  const blows = Array.from({ length: 3 }, () => random.below(700))
    .toSorted((a, b) => a - b)
    .map((at) => ({ at, how: random.unit() < 0.7 ? ("kill" as const) : ("power" as const) }));
  const prepare = (made: Stage) => {
    scene = made;
    made.forge.fault = fault;
    for (let n = 0; n < 3; n++) {
      const change = new Map([[`stray${n}.txt`, "s\n"]]);
      made.clock.after(random.below(3_000), () => made.forge.stray(url, "main", change));
      // The host sleeps, or somebody sets its clock.
      made.clock.after(random.below(60_000), () =>
        made.clock.jump(random.below(1_200_000) - 600_000),
      );
    }
  };
  return play(blows, { fate }, prepare);
}

test("[SIM-runner] under lost, late and doubled frames, a failing remote, strangers and kills the bead lands once", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const played = await playUnruly(seed).catch((cause: unknown) => {
      throw new Error(`seed ${seed}`, { cause });
    });
    expectLandedAfter(`seed ${seed}`, played, { branches: true });
  }
}, 120_000);
