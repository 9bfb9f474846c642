/** Frames that are lost, late, doubled or out of order, and networks that are cut. */
import type { PlayRunner } from "../play/play.ts";
import { again, anyRunner, type Fault, type FaultWorld } from "./fault.ts";

type Fate = ReturnType<FaultWorld["play"]["hooks"]["fate"]>;

/** Changes the fate of a part of the frames. */
function frames(
  name: string,
  share: number,
  change: (fate: Fate, world: FaultWorld) => Fate,
): Fault {
  return {
    name,
    group: "infra",
    begin: (world) => {
      const { hooks } = world.play;
      const before = hooks.fate;
      hooks.fate = (runner) => {
        const fate = before(runner);
        if (!world.isActive() || world.random.unit() >= share * world.pace) return fate;
        world.fired();
        return change(fate, world);
      };
    },
  };
}

/** Longest delay of a frame: longer than its asker waits. */
const DELAY_MS_MAX = 40_000;

export const networkFaults: readonly Fault[] = [
  frames("drop", 0.01, (fate) => ({ ...fate, lost: true })),
  frames("delay", 0.02, (fate, { random }) => ({
    ...fate,
    delayMs: fate.delayMs + random.below(random.unit() < 0.2 ? DELAY_MS_MAX : 3_000),
  })),
  frames("duplicate", 0.03, (fate) => ({ ...fate, doubled: true })),
  frames("reorder", 0.03, (fate, { random }) => ({
    ...fate,
    delayMs: fate.delayMs + random.below(200),
    overtakes: true,
  })),
  { name: "cut", group: "infra", begin: cut },
];

/** A runner and its town do not hear each other, and notice it late. */
function cut(world: FaultWorld): void {
  const { play, random } = world;
  const { hooks } = play;
  const cuts = new Set<PlayRunner>();
  const before = { fate: hooks.fate, noticeMs: hooks.noticeMs, isCut: hooks.isCut };
  hooks.fate = (runner) => ({ ...before.fate(runner), ...(cuts.has(runner) && { lost: true }) });
  hooks.noticeMs = (runner) =>
    cuts.has(runner) ? 20_000 + random.below(25_000) : before.noticeMs(runner);
  hooks.isCut = (runner) => cuts.has(runner) || before.isCut(runner);
  again(world, "a network is cut", 150_000, () => {
    const runner = anyRunner(world);
    if (cuts.has(runner)) return;
    cuts.add(runner);
    world.fired();
    play.world.trace.say(runner.name, "its network is cut");
    const forMs = 1_000 + random.below(random.unit() < 0.3 ? 300_000 : 40_000);
    play.world.after(forMs, "a network is back", () => {
      cuts.delete(runner);
      play.world.trace.say(runner.name, "its network is back");
    });
  });
}
