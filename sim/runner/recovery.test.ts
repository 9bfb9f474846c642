import { expect, test } from "bun:test";
import type { AgentSpec } from "../../runner/agents/driver.ts";
import type { Answer, Mind } from "../agent/answer.ts";
import { SimClock } from "../clock.ts";
import { SimForge } from "../git/forge.ts";
import { beadsIn } from "../git/history.ts";
import { SimRandom } from "../random.ts";
import { runUntil } from "../steps.ts";
import { SimRunnerHost, type HostWorld } from "./host.ts";
import { OneBeadTown } from "./one-bead.ts";

const url = "sim:sample";
const STEPS_MAX = 20_000;

const polecat: readonly Answer[] = [
  { text: "# Writing\nThe line.", writes: { "line.txt": "a line\n" }, goesOn: true },
  { tool: { name: "gt_done", arguments: { summary: "Wrote the line" } } },
  { text: "Done." },
];
const refinery: readonly Answer[] = [
  { tool: { name: "gt_verdict", arguments: { verdict: "approve", summary: "Fine" } } },
  { text: "Done." },
];
const mindOf = ({ role }: AgentSpec): Mind => {
  const left = [...(role === "polecat" ? polecat : refinery)];
  return () => left.shift() ?? {};
};

/** A bead, its town, its remote and its runner. */
function stage(more: Partial<HostWorld> = {}, seed = 1) {
  const clock = new SimClock();
  const random = new SimRandom(seed);
  const forge = new SimForge();
  const remote = forge.make(url, new Map([["README.md", "# Sample\n"]]));
  const gate = { name: "line", command: "test -f line.txt", timeoutMs: 60_000 };
  const town = new OneBeadTown(clock, random, { remote: url, gates: [gate], setup: "install" });
  const log: string[] = [];
  const world: HostWorld = {
    ...{ clock, random, forge, town, mindOf },
    judge: (line, files) => {
      const green = line === "install" || files.has("line.txt");
      return { code: green ? 0 : 1, output: `${line}\n`, durationMs: 40 };
    },
    fate: () => ({ delayMs: 2, lost: false, doubled: false }),
    watch: () => undefined,
    latencyMs: () => 1,
    write: (line) => log.push(line),
    ...more,
  };
  const facts = { appVersion: "1.2.3", name: "sim", local: true, slots: 2 };
  const host = new SimRunnerHost(world, { ...facts, isolation: "bwrap", isolationReason: null });
  return { clock, random, forge, remote, town, host, log };
}

type Stage = ReturnType<typeof stage>;

/** Nothing was lost, nothing was done twice, and nothing is left lying about. */
function expectLandedOnce({ forge, remote, town, host }: Stage): void {
  const { refs } = remote.repository;
  const main = refs.get("refs/heads/main") ?? "";
  const merges = [...forge.objects.reach(main)]
    .flatMap((oid) => forge.objects.commit(oid) ?? [])
    .filter(({ parents }) => parents.length > 1);
  expect(merges.map(({ message }) => beadsIn(message))).toEqual([[town.bead.id]]);
  expect(forge.filesOf(url, "main").get("line.txt")).toBe("a line\n");
  expect(town.faults).toEqual([]);
  const landed = town.of("landed");
  expect(landed.map(({ proof }) => [proof.mergeOid, proof.method])).toEqual([
    [merges[0]?.oid ?? "", "merge"],
  ]);
  const exits = town.facts.filter(({ body }) => body.kind === "exit").map(({ runId }) => runId);
  expect(new Set(exits).size).toBe(exits.length);
  expect(new Set(town.facts.map(({ runId }) => runId)).size).toBe(exits.length);
  expect(town.of("exit").filter(({ outcome }) => outcome === "crashed")).toEqual([]);
  const kept = [...refs.keys()].filter((ref) => ref.startsWith("refs/heads/"));
  expect(kept).toEqual(["refs/heads/main"]);
  expect([...host.files.trees.keys()]).toEqual([]);
  expect([...host.files.scratch.keys()]).toEqual([]);
}

test("[SIM-runner] a bead goes from work to landing through the production runner, in memory", async () => {
  const scene = stage();
  scene.host.start();
  const steps = await runUntil(scene.clock, () => scene.town.done, STEPS_MAX);
  expectLandedOnce(scene);
  expect(scene.town.of("exit").map(({ outcome }) => outcome)).toEqual(Array(4).fill("done"));
  expect(steps).toBeGreaterThan(100);
});

const RESTART_MS = 500;

interface Blow {
  /** Which boundary it falls on, counted from the first start. */
  at: number;
  how: "kill" | "power";
}

interface Played {
  scene: Stage;
  /** Boundaries passed, by name. */
  moments: string[];
  steps: number;
}

/** Plays the bead to its landing, with blows on the way; after each the runner is started again. */
async function play(blows: readonly Blow[], more: Partial<HostWorld> = {}): Promise<Played> {
  const moments: string[] = [];
  const left = [...blows];
  const scene: Stage = stage({
    ...more,
    watch: (moment) => {
      moments.push(moment);
      if (moments.length - 1 !== left[0]?.at) return;
      const { how } = left.shift() ?? { how: "kill" };
      if (how === "kill") scene.host.kill();
      else scene.host.cutPower();
      scene.clock.after(RESTART_MS, () => scene.host.start());
    },
  });
  scene.host.start();
  const steps = await runUntil(scene.clock, () => scene.town.done, STEPS_MAX);
  return { scene, moments, steps };
}

/** Says where the blow fell, and what the runner logged, when the outcome is not what it should be. */
function expectLandedAfter(what: string, played: Played): void {
  try {
    expectLandedOnce(played.scene);
  } catch (cause) {
    throw new Error(`${what}\n${played.scene.log.join("")}`, { cause });
  }
}

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
