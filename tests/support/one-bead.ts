/** One bead on its way from work to landing, in memory, with blows on the way. */
import { expect } from "bun:test";
import type { AgentSpec } from "../../runner/agents/driver.ts";
import type { Answer, Mind } from "../../sim/agent/answer.ts";
import { SimClock } from "../../sim/clock.ts";
import { SimForge } from "../../sim/git/forge.ts";
import { beadsIn } from "../../sim/git/history.ts";
import { SimRandom } from "../../sim/random.ts";
import { runUntil } from "../../sim/steps.ts";
import { SimRunnerHost, type HostWorld } from "../../sim/runner/host.ts";
import { HandTown, type Errand } from "../../sim/runner/hand-town.ts";
import { OneBead } from "../../sim/runner/one-bead.ts";

export const url = "sim:sample";
/** From the end of a runner to its next start. */
const RESTART_MS = 500;
const FULL_MS = 3_000;
/** Longer than leases, deadlines of frames and of silent agents. */
const FROZEN_MS = 400_000;
export const STEPS_MAX = 20_000;

export const polecat: readonly Answer[] = [
  { text: "# Writing\nThe line.", writes: { "line.txt": "a line\n" }, goesOn: true },
  { tool: { name: "gt_done", arguments: { summary: "Wrote the line" } } },
  { text: "Done." },
];
export const refinery: readonly Answer[] = [
  { tool: { name: "gt_verdict", arguments: { verdict: "approve", summary: "Fine" } } },
  { text: "Done." },
];
const mindOf = ({ role }: AgentSpec): Mind => {
  const left = [...(role === "polecat" ? polecat : refinery)];
  return () => left.shift() ?? {};
};

/** A bead, its town, its remote and its runner. */
export function stage(
  more: Partial<HostWorld> = {},
  errandOf: (random: SimRandom) => Errand | null = () => null,
) {
  const clock = new SimClock();
  const random = new SimRandom(1);
  const forge = new SimForge();
  const remote = forge.make(url, new Map([["README.md", "# Sample\n"]]));
  const gate = { name: "line", command: "test -f line.txt", timeoutMs: 60_000 };
  const work = new OneBead(random, { remote: url, gates: [gate], setup: "install" });
  const town = new HandTown(clock, random, errandOf(random) ?? work);
  const log: string[] = [];
  const world: HostWorld = {
    ...{ clock, random, forge, town, mindOf },
    judge: (line, files) => {
      const green = line === "install" || files.has("line.txt");
      return { code: green ? 0 : 1, output: `${line}\n`, durationMs: 40 };
    },
    fate: () => ({ delayMs: 2, lost: false, doubled: false }),
    watch: () => undefined,
    halted: (gone) => void clock.after(RESTART_MS, () => gone.start()),
    latencyMs: () => 1,
    lingers: () => null,
    write: (line) => log.push(line),
    ...more,
  };
  const facts = { appVersion: "1.2.3", name: "sim", local: true, slots: 2 };
  const host = new SimRunnerHost(world, { ...facts, isolation: "bwrap", isolationReason: null });
  return { clock, random, forge, remote, bead: work.bead, rig: work.rig, town, host, log };
}

export type Stage = ReturnType<typeof stage>;

/** What is no fault of the runner in a scene. */
export interface Allowed {
  /** Agents that die. */
  crashes?: boolean;
  /** Branches of runs that could not finish: nothing unmerged is deleted. */
  branches?: boolean;
}

/** Nothing was lost, nothing was done twice, and nothing is left lying about. */
export function expectLandedOnce(
  { forge, remote, bead, town, host }: Stage,
  { crashes = false, branches = false }: Allowed = {},
): void {
  const { refs } = remote.repository;
  const main = refs.get("refs/heads/main") ?? "";
  const merges = [...forge.objects.reach(main)]
    .flatMap((oid) => forge.objects.commit(oid) ?? [])
    .filter(({ parents, message }) => parents.length > 1 && beadsIn(message).length > 0);
  expect(merges.map(({ message }) => beadsIn(message))).toEqual([[bead.id]]);
  expect(forge.filesOf(url, "main").get("line.txt")).toBe("a line\n");
  expect(town.faults).toEqual([]);
  const landed = town.of("landed");
  expect(landed.map(({ proof }) => [proof.mergeOid, proof.method])).toEqual([
    [merges[0]?.oid ?? "", "merge"],
  ]);
  const exits = town.facts.filter(({ body }) => body.kind === "exit").map(({ runId }) => runId);
  expect(new Set(exits).size).toBe(exits.length);
  expect(new Set(town.facts.map(({ runId }) => runId)).size).toBe(exits.length);
  if (!crashes) expect(town.of("exit").filter(({ outcome }) => outcome === "crashed")).toEqual([]);
  const kept = [...refs.keys()].filter((ref) => ref.startsWith("refs/heads/"));
  if (!branches) expect(kept).toEqual(["refs/heads/main"]);
  expect([...host.files.trees.keys()]).toEqual([]);
  expect([...host.files.scratch.keys()]).toEqual([]);
}

export interface Blow {
  /** Which boundary it falls on, counted from the first start. */
  at: number;
  /** `full`: the disk is full from there on, for a while. `freeze`: the process stands still for minutes. `stop`: a person stops the run. */
  how: "kill" | "power" | "full" | "freeze" | "stop";
}

export interface Played {
  scene: Stage;
  /** Boundaries passed, by name. */
  moments: string[];
  steps: number;
}

/** Plays the bead to its landing, with blows on the way; after each the runner is started again. */
export async function play(
  blows: readonly Blow[],
  more: Partial<HostWorld> = {},
  prepare: (scene: Stage) => void = () => undefined,
  errandOf?: (random: SimRandom) => Errand,
): Promise<Played> {
  const moments: string[] = [];
  const left = [...blows];
  const watch = (moment: string) => {
    moments.push(moment);
    if (moments.length - 1 !== left[0]?.at) return;
    const { how } = left.shift() ?? { how: "kill" };
    if (how === "full") return fillDisk(scene);
    if (how === "freeze") return freeze(scene);
    if (how === "stop") return void scene.clock.after(0, () => scene.town.stopRun());
    if (how === "kill") scene.host.kill();
    else scene.host.cutPower();
    scene.clock.after(RESTART_MS, () => scene.host.start());
  };
  const scene: Stage = stage({ ...more, watch }, errandOf);
  prepare(scene);
  scene.host.start();
  const steps = await runUntil(scene.clock, () => scene.town.done, STEPS_MAX);
  return { scene, moments, steps };
}

/** Every start in between ends at once. */
function fillDisk({ host, clock }: Stage): void {
  host.disk.full = true;
  clock.after(FULL_MS, () => (host.disk.full = false));
}

function freeze({ host, clock }: Stage): void {
  host.freeze();
  clock.after(FROZEN_MS, () => host.thaw());
}

/** Says where the blow fell, and what the runner logged, when the outcome is not what it should be. */
export function expectLandedAfter(what: string, played: Played, allowed: Allowed = {}): void {
  try {
    expectLandedOnce(played.scene, allowed);
  } catch (cause) {
    throw new Error(`${what}\n${played.scene.log.join("")}`, { cause });
  }
}
