/** What is free: one account of slots that the allocator draws from. */
import { startsLeft, takes, usable } from "./gates.ts";
import type { RigView, RunnerView, Snapshot } from "./snapshot.ts";
import { NEED, type Need, type SlotClass } from "./stages.ts";

export class Capacity {
  #town: number;
  /** Agents that may be started now: few while provider or breaker are being tried again. */
  #starts: number;
  #byRunner = new Map<string, number>();
  #byRig = new Map<string, number>();
  readonly #s: Snapshot;
  readonly #taken: ReadonlySet<string>;

  /** @param taken runners that a rule has just decided about: what they become is not known yet */
  constructor(s: Snapshot, taken: ReadonlySet<string> = new Set()) {
    this.#s = s;
    this.#taken = taken;
    this.#town = s.policy.slots;
    this.#starts = Number.POSITIVE_INFINITY;
    for (const { kind, runnerId, rigId, count } of s.held)
      this.#take(NEED[kind].slot, runnerId, rigId, count);
    this.#starts = startsLeft(s);
  }

  /** How many runs of this class could be placed for the rig now. */
  room(need: Need, rig: RigView | null): number {
    const { slot } = need;
    const left = this.#open(need, rig).reduce(
      (sum, runner) => sum + Math.max(0, this.#left(slot, runner)),
      0,
    );
    return Math.min(left, this.#bound(slot, rig));
  }

  /** How many runs of this class this runner could take, whatever bounds them elsewhere. */
  roomOn(slot: SlotClass, runner: RunnerView): number {
    return takes(runner, slot) ? this.#left(slot, runner) : 0;
  }

  /** Takes a slot on the runner with the most room, or on the only one that will do; null when there is none. */
  place(need: Need, rig: RigView | null, only: RunnerView | null = null): RunnerView | null {
    const { slot } = need;
    if (this.#bound(slot, rig) <= 0) return null;
    const [best] = this.#open(need, rig)
      .filter(({ id }) => only === null || id === only.id)
      .map((runner) => ({ runner, left: this.#left(slot, runner) }))
      .filter(({ runner, left }) => left > 0 && !this.#taken.has(runner.id))
      .toSorted((a, b) => byRoom(a, b, rig));
    if (!best) return null;
    this.#take(slot, best.runner.id, rig?.id ?? null, 1);
    return best.runner;
  }

  /** Which bound holds the rig's next agent back, in plain words, or null. */
  fullness(need: Need, rig: RigView): string | null {
    const { slot } = need;
    if (slot === "agent" && this.#town <= 0)
      return `all ${this.#s.policy.slots} agent slots of the town are busy`;
    if (slot === "agent" && this.#starts <= 0)
      return "agents are started one by one while the model or the breaker is tried again";
    if (slot === "agent" && this.#bound(slot, rig) <= 0)
      return `all ${rig.slots} slots of rig ${rig.name} are busy`;
    if (this.room(need, rig) > 0) return null;
    const short = slot === "agent" ? this.#open(need, rig).filter(isShort) : [];
    return ["every runner is busy", ...short.map(shortWords)].join("; ");
  }

  #open(need: Need, rig: RigView | null): RunnerView[] {
    return usable(rig, this.#s, need).filter((runner) => takes(runner, need.slot));
  }

  /** Town and rig bound agents only. */
  #bound(slot: SlotClass, rig: RigView | null): number {
    if (slot !== "agent") return Number.POSITIVE_INFINITY;
    const ofRig = rig ? rig.slots - (this.#byRig.get(rig.id) ?? 0) : Number.POSITIVE_INFINITY;
    return Math.min(this.#town, ofRig, this.#starts);
  }

  #left(slot: SlotClass, runner: RunnerView): number {
    const limit = {
      agent: agentSlotsOf(runner),
      code: this.#s.policy.codeSlotsPerRunner,
      session: 1,
    };
    return limit[slot] - (this.#byRunner.get(`${slot}:${runner.id}`) ?? 0);
  }

  #take(slot: SlotClass, runnerId: string, rigId: string | null, count: number): void {
    const key = `${slot}:${runnerId}`;
    this.#byRunner.set(key, (this.#byRunner.get(key) ?? 0) + count);
    if (slot !== "agent") return;
    this.#town -= count;
    this.#starts -= count;
    if (rigId) this.#byRig.set(rigId, (this.#byRig.get(rigId) ?? 0) + count);
  }
}

/** As many as it was started for, but no more than its memory bears. */
export function agentSlotsOf({ slots, host }: RunnerView): number {
  return Math.min(slots, host?.agentSlots ?? slots);
}

/** Its memory bears fewer agents than it was started for. */
function isShort(runner: RunnerView): boolean {
  return agentSlotsOf(runner) < runner.slots;
}

function shortWords(runner: RunnerView): string {
  const { name, slots, host } = runner;
  const each = host?.agentBytes === undefined ? "" : ` of ${megabytes(host.agentBytes)} MB`;
  const fit = agentSlotsOf(runner);
  return `runner ${name} has memory for ${fit === 1 ? "one agent" : `${fit} agents`}${each}, not ${slots}`;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 ** 2);
}

interface Place {
  runner: RunnerView;
  left: number;
}

/**
 * Best first: by free slots, where the rig's repository counts as one more when it is there already, and each process that
 * waits for a core, of those that one has, as one less.
 */
function byRoom(a: Place, b: Place, rig: RigView | null): number {
  const [warmA, warmB] = [isWarm(a.runner, rig), isWarm(b.runner, rig)];
  const roomA = a.left + Number(warmA) - waitingPerCore(a.runner);
  const roomB = b.left + Number(warmB) - waitingPerCore(b.runner);
  if (roomA !== roomB) return roomB - roomA;
  if (warmA !== warmB) return warmA ? -1 : 1;
  return a.runner.id < b.runner.id ? -1 : 1;
}

function isWarm({ warmRigs }: RunnerView, rig: RigView | null): boolean {
  return rig !== null && warmRigs.includes(rig.id);
}

/** In whole processes, so that the noise of a load decides nothing. */
function waitingPerCore({ host }: RunnerView): number {
  return host === null ? 0 : Math.max(0, Math.round(host.load1 / host.cores) - 1);
}
