/** What is free: one account of slots that the allocator draws from. */
import type { Context } from "./context.ts";
import type { RigView, RunnerView } from "./snapshot.ts";

export type SlotClass = "agent" | "code" | "session";
const CLASS_OF = {
  work: "agent",
  review: "agent",
  check: "code",
  merge: "code",
  baseline: "code",
  session: "session",
} as const;

export class Capacity {
  #town: number;
  #byRunner = new Map<string, number>();
  #byRig = new Map<string, number>();
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
    this.#town = context.s.policy.slots;
    for (const run of context.liveRuns) this.#take(CLASS_OF[run.kind], run.runnerId, run.rigId);
  }

  /** The runner that takes the next run of this class, or the reason why none can, in plain words. */
  place(slot: SlotClass, rig: RigView | null): { runner: RunnerView } | { why: string } {
    const { s } = this.#context;
    const online = s.runners.filter(
      (runner) => runner.online && !runner.draining && runner.state === "connected",
    );
    if (online.length === 0) return { why: "no runner is connected" };
    const fit = rig
      ? online.filter((runner) => runner.isolation === "bwrap" || rig.isolationConfirmed)
      : online;
    if (fit.length === 0) {
      return {
        why: `agents are not isolated on any runner here; confirm it for rig ${rig?.name ?? ""} or install bubblewrap`,
      };
    }
    if (slot === "agent" && this.#town <= 0)
      return { why: `all ${s.policy.slots} agent slots of the town are busy` };
    if (slot === "agent" && rig && (this.#byRig.get(rig.id) ?? 0) >= rig.slots) {
      return { why: `all ${rig.slots} slots of rig ${rig.name} are busy` };
    }
    const free = fit
      .map((runner) => ({
        runner,
        left: this.#limit(slot, runner) - (this.#byRunner.get(`${slot}:${runner.id}`) ?? 0),
      }))
      .filter((each) => each.left > 0)
      .sort((a, b) => b.left - a.left || (a.runner.id < b.runner.id ? -1 : 1));
    const best = free[0];
    if (!best) return { why: "every runner is busy" };
    this.#take(slot, best.runner.id, rig?.id ?? null);
    return { runner: best.runner };
  }

  #limit(slot: SlotClass, runner: RunnerView): number {
    if (slot === "agent") return runner.slots;
    return slot === "code" ? this.#context.s.policy.codeSlotsPerRunner : 1;
  }

  #take(slot: SlotClass, runnerId: string, rigId: string | null): void {
    const key = `${slot}:${runnerId}`;
    this.#byRunner.set(key, (this.#byRunner.get(key) ?? 0) + 1);
    if (slot !== "agent") return;
    this.#town -= 1;
    if (rigId) this.#byRig.set(rigId, (this.#byRig.get(rigId) ?? 0) + 1);
  }
}
