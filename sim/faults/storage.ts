/** Full disks, sandboxes that do not start, and remotes that cannot be reached or do not answer. */
import { again, anyRunner, type Fault, type FaultWorld } from "./fault.ts";

export const storageFaults: readonly Fault[] = [
  { name: "disk-full", group: "infra", begin: diskFull },
  { name: "repositories-full", group: "infra", begin: repositoriesFull },
  { name: "remote", group: "infra", begin: remote },
  { name: "stray", group: "infra", begin: stray },
  { name: "sandbox", group: "infra", begin: sandbox },
];

function diskFull(world: FaultWorld): void {
  const { play, random } = world;
  again(world, "a disk is full", 400_000, () => {
    const forMs = 500 + random.below(20_000);
    world.fired();
    const ofTown = random.unit() < 0.3;
    const { name, host } = anyRunner(world);
    const disk = ofTown ? play.town.databases : host.disk;
    play.world.trace.say(ofTown ? "town" : name, `its disk is full for ${forMs} ms`);
    disk.full = true;
    play.world.after(forMs, "a disk has room again", () => (disk.full = false));
  });
}

/** The disk with a runner's repositories: nothing of a run can be saved there. */
function repositoriesFull(world: FaultWorld): void {
  const { play, random } = world;
  again(world, "a disk of repositories is full", 300_000, () => {
    const forMs = 20_000 + random.below(60_000);
    world.fired();
    const { name, host } = anyRunner(world);
    play.world.trace.say(name, `its repositories have no room for ${forMs} ms`);
    host.files.full = true;
    play.world.after(forMs, "repositories have room again", () => (host.files.full = false));
  });
}

const SHARE = 0.03;
const FAULTS = ["unreachable", "timed_out", "answer_lost"] as const;

function remote(world: FaultWorld): void {
  const { play, random } = world;
  const before = play.forge.fault;
  play.forge.fault = (call) => {
    const fault = before(call);
    if (fault !== null || !world.isActive() || random.unit() >= SHARE * world.pace) return fault;
    world.fired();
    return FAULTS[random.below(FAULTS.length)] ?? null;
  };
}

/** A command of a rig cannot be run at all. */
function sandbox(world: FaultWorld): void {
  const { play, random } = world;
  const before = play.hooks.commandFault;
  play.hooks.commandFault = () => {
    const fault = before();
    if (fault !== null || !world.isActive() || random.unit() >= SHARE * world.pace) return fault;
    world.fired();
    return { code: 1, output: "The sandbox does not start.", durationMs: 0, broken: true };
  };
}

/** Somebody else pushes to a target. */
function stray(world: FaultWorld): void {
  const { play, random } = world;
  let count = 0;
  again(world, "a stranger pushes", 60_000, () => {
    const rig = play.rigs[random.below(play.rigs.length)];
    if (rig === undefined) return;
    world.fired();
    count += 1;
    const change = new Map([[`stray/${count % 5}.txt`, `stray ${count}\n`]]);
    play.forge.stray(rig.url, "main", change, { atMs: play.world.nowMs });
  });
}
