/** Processes that are killed, stopped for a while, and hosts that lose power, sleep, or have their clock set. */
import type { PlayRunner } from "../play/play.ts";
import type { SimRandom } from "../random.ts";
import { runnerCrashPoints, townCrashPoints } from "./crash-points.ts";
import { again, anyRunner, type Fault, type FaultWorld } from "./fault.ts";

/** A killed process is started again within this time. */
const DOWN_MS_MAX = 40_000;
const BOUNDARIES_MAX = 60;

export const processFaults: readonly Fault[] = [
  { name: "kill-town", group: "infra", begin: killTown },
  { name: "kill-runner", group: "infra", begin: (world) => strikeRunners(world, "killed") },
  { name: "power", group: "infra", begin: (world) => strikeRunners(world, "without power") },
  { name: "orphan-push", group: "infra", begin: orphanPush },
  { name: "drain", group: "infra", begin: drain },
  { name: "freeze", group: "infra", begin: freeze },
  { name: "suspend", group: "infra", begin: suspend },
  { name: "clock-jump", group: "infra", begin: jump },
];

/** Which of the coming moments is struck: one of the next, or the next of a kind that may be rare. */
type Aim = (moment: string) => boolean;

function takeAim(random: SimRandom, points: readonly string[]): Aim {
  if (random.unit() < 0.5) {
    let left = 1 + random.below(BOUNDARIES_MAX);
    return () => --left <= 0;
  }
  const point = points[random.below(points.length)];
  return (moment) => moment === point;
}

/** At one of the next commits or effects, before or after it. */
function killTown(world: FaultWorld): void {
  const { play, random } = world;
  const { hooks, town } = play;
  const before = hooks.townMoment;
  let aim: Aim | null = null;
  hooks.townMoment = (moment) => {
    before(moment);
    if (aim === null || !town.isUp || !aim(moment)) return;
    aim = null;
    world.fired(`town ${moment}`);
    play.world.trace.say("town", `killed ${moment}`);
    town.kill();
    play.world.after(random.below(DOWN_MS_MAX), "the town starts", () => play.startTown());
  };
  again(world, "the town will be killed", 200_000, () => {
    aim = takeAim(random, townCrashPoints);
  });
}

/** At one of the next boundaries of the runner's ports. */
function strikeRunners(world: FaultWorld, how: "killed" | "without power"): void {
  const { play, random } = world;
  const { hooks } = play;
  const before = hooks.runnerMoment;
  const lingers = hooks.lingersMs;
  const aims = new Map<PlayRunner, Aim>();
  hooks.lingersMs = (runner) =>
    lingers(runner) ?? (random.unit() < 0.3 ? random.below(5_000) : null);
  hooks.runnerMoment = (runner, moment) => {
    before(runner, moment);
    const aim = aims.get(runner);
    if (aim === undefined || !runner.host.isUp || !aim(moment)) return;
    aims.delete(runner);
    world.fired(`runner ${moment}`);
    play.world.trace.say(runner.name, `${how} ${moment}`);
    if (how === "killed") runner.host.kill();
    else runner.host.cutPower();
    const inMs = random.below(random.unit() < 0.2 ? 8 * DOWN_MS_MAX : DOWN_MS_MAX);
    play.world.after(inMs, `${runner.name} starts`, () => play.startRunner(runner));
  };
  const everyMs = how === "killed" ? 60_000 : 120_000;
  again(world, "a runner will fall", everyMs, () =>
    aims.set(anyRunner(world), takeAim(random, runnerCrashPoints)),
  );
}

/** A push of a merge outlives the runner that began it, and takes effect long after: whoever took over must not mind. */
function orphanPush(world: FaultWorld): void {
  const { play, random } = world;
  const { runs, runners } = play.view;
  const merges = ({ name }: PlayRunner) =>
    [...runs.values()].some(
      ({ kind, state, runnerId }) =>
        kind === "merge" && state !== "ended" && runners.get(runnerId)?.name === name,
    );
  const { hooks } = play;
  const before = { moment: hooks.runnerMoment, lingers: hooks.lingersMs };
  const armed = new Set<PlayRunner>();
  const lateMs = new Map<PlayRunner, number>();
  hooks.lingersMs = (runner) => {
    const ms = lateMs.get(runner);
    lateMs.delete(runner);
    return ms ?? before.lingers(runner);
  };
  hooks.runnerMoment = (runner, moment) => {
    before.moment(runner, moment);
    if (moment !== "within works.refs.push" || !runner.host.isUp) return;
    if (!armed.has(runner) || !merges(runner) || random.unit() < 0.3) return;
    armed.delete(runner);
    world.fired();
    lateMs.set(runner, 1_000 + random.below(400_000));
    play.world.trace.say(runner.name, "killed, and its push goes on");
    runner.host.kill();
    // Mostly too late to go on with what it did.
    const inMs = random.below(random.unit() < 0.3 ? DOWN_MS_MAX : 8 * DOWN_MS_MAX);
    play.world.after(inMs, `${runner.name} starts`, () => play.startRunner(runner));
  };
  again(world, "a push will outlive its runner", 150_000, () => armed.add(anyRunner(world)));
}

/** SIGTERM: the runner ends by itself, and is started again. */
function drain(world: FaultWorld): void {
  const { play } = world;
  again(world, "a runner is told to end", 250_000, () => {
    const runner = anyRunner(world);
    if (!runner.host.isUp) return;
    world.fired();
    play.world.trace.say(runner.name, "is told to end");
    runner.host.stop();
  });
}

function freeze(world: FaultWorld): void {
  const { play, random } = world;
  again(world, "a process is stopped", 120_000, () => {
    const forMs = 500 + random.below(random.unit() < 0.3 ? 250_000 : 30_000);
    world.fired();
    if (random.unit() < 0.25) {
      play.world.trace.say("town", `stopped for ${forMs} ms`);
      play.townClock.freeze();
      play.world.after(forMs, "the town goes on", () => play.townClock.wake());
      return;
    }
    const { name, host } = anyRunner(world);
    play.world.trace.say(name, `stopped for ${forMs} ms`);
    host.freeze();
    play.world.after(forMs, `${name} goes on`, () => host.thaw());
  });
}

/** The host sleeps with all that runs on it. */
function suspend(world: FaultWorld): void {
  const { play, random } = world;
  again(world, "a host falls asleep", 200_000, () => {
    const forMs = 2_000 + random.below(random.unit() < 0.3 ? 600_000 : 60_000);
    const { name, clock } =
      random.unit() < 0.25 ? { name: "town", clock: play.townClock } : anyRunner(world);
    world.fired();
    play.world.trace.say(name, `its host sleeps for ${forMs} ms`);
    clock.sleep();
    play.world.after(forMs, `the host of ${name} wakes`, () => clock.wake());
  });
}

function jump(world: FaultWorld): void {
  const { play, random } = world;
  again(world, "a clock is set", 250_000, () => {
    const { name, clock } =
      random.unit() < 0.4 ? { name: "town", clock: play.townClock } : anyRunner(world);
    const byMs = (random.unit() - 0.5) * 2 * (random.unit() < 0.5 ? 30_000 : 3_600_000);
    world.fired();
    play.world.trace.say(name, `its clock is set by ${Math.round(byMs)} ms`);
    clock.jump(byMs);
  });
}
