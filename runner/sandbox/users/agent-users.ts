/**
 * Lends users of this host to runs: one user is one run's at a time, from its first command to the end of its last, and
 * nothing of it is alive or left in public places when the next run gets it.
 */
import { lstatSync } from "node:fs";
import { ok, refuse, type Result } from "../../../protocol/error.ts";
import { becoming, type AgentPool, type AgentUser } from "./agent-user.ts";
import type { Ground } from "./ground.ts";
import type { Passage } from "./filter-table.ts";
import type { NetworkFilter } from "./network-filter.ts";
import { sweepUser } from "./sweep.ts";
import { Turns } from "./turns.ts";

/** What a command may touch; a rig's mirror among `readOnly` opens that rig to it. */
export type Wanted = {
  readOnly: readonly string[];
  readWrite: readonly string[];
  /** Meant where the network is filtered. */
  passage: Passage;
};

export type Entered = {
  /** Begins a command line that runs as the run's user. */
  becoming(options?: { diesWithParent?: boolean }): string[];
  /** To be called once, when the command has ended. The last one of a run gives its user back. */
  leave: () => Promise<void>;
};

type Lease = {
  user: AgentUser;
  /** One of each command that runs. */
  passages: Set<Passage>;
  doors: Set<string>;
  rigs: Map<string, number>;
  /** Its user is not to be lent again. */
  isSpent: boolean;
};

const OPEN: Result<void> = { ok: true, value: undefined };

export class AgentUsers {
  readonly #ground: Ground;
  readonly #setpriv: string;
  readonly #owner: string;
  readonly #filter: NetworkFilter | null;
  readonly #free: AgentUser[];
  readonly #freeGroups: number[];
  readonly #leases = new Map<string, Lease>();
  readonly #rigs = new Map<string, { gid: number; runs: number }>();
  readonly #waiting: (() => void)[] = [];
  /** What a run begins and ends passes one after the other. */
  readonly #turns = new Turns();

  /** `filter`: null where nothing keeps users from the network. */
  constructor(options: {
    pool: AgentPool;
    ground: Ground;
    setpriv: string;
    owner: string;
    filter: NetworkFilter | null;
  }) {
    this.#filter = options.filter;
    this.#ground = options.ground;
    this.#setpriv = options.setpriv;
    this.#owner = options.owner;
    this.#free = [...options.pool.users];
    this.#freeGroups = [...options.pool.rigGroups];
  }

  /** Whether a run reaches its own doors only. */
  get filtersNetwork(): boolean {
    return this.#filter !== null;
  }

  /** To be called when no run has a user any more. */
  async close(): Promise<void> {
    await this.#filter?.close();
  }

  /** Ends what earlier runs of these users left. Answers those that cannot be used because something of theirs stays. */
  async sweep(): Promise<AgentUser[]> {
    const stuck: AgentUser[] = [];
    for (const user of this.#free.splice(0)) {
      if (await sweepUser(user, this.#tools())) this.#free.push(user);
      else stuck.push(user);
    }
    return stuck;
  }

  /**
   * Waits for a free user where the run has none, as long as `signal` lets it, and gives it what the command needs. Errors:
   * `busy`, nobody waits any more; `internal`, the network of the user is not known to be closed.
   */
  enter(runId: string, wanted: Wanted, signal?: AbortSignal): Promise<Result<Entered>> {
    return this.#turns.take(runId, async () => {
      const lease = this.#leases.get(runId) ?? (await this.#take(runId, wanted, signal));
      if (lease === null) return refuse("busy", "It was stopped while it waited for a user.");
      const { passage } = wanted;
      lease.passages.add(passage);
      try {
        const groups = await this.#open(lease, wanted);
        const passed = await this.#pass(lease);
        if (!passed.ok) {
          await this.#leave(runId, lease, passage);
          const why = `The network of ${lease.user.name} stays closed: ${passed.error.message}`;
          return refuse("internal", why);
        }
        return ok({
          becoming: ({ diesWithParent = false } = {}) =>
            becoming(this.#setpriv, lease.user, { groups, diesWithParent }),
          leave: () => this.#turns.take(runId, () => this.#leave(runId, lease, passage)),
        });
      } catch (error) {
        await this.#leave(runId, lease, passage);
        throw error;
      }
    });
  }

  /** The user that had the run's files before is taken again where it is free: then nothing needs to change hands. */
  async #take(
    runId: string,
    { readWrite, readOnly }: Wanted,
    signal: AbortSignal | undefined,
  ): Promise<Lease | null> {
    while (this.#free.length === 0) if (!(await this.#freed(signal))) return null;
    const owners = new Set([...readWrite, ...readOnly].map(ownerOf));
    const again = this.#free.findIndex(({ uid }) => owners.has(uid));
    const [user] = this.#free.splice(Math.max(0, again), 1);
    if (user === undefined) throw new Error("a free user was taken twice");
    this.#filter?.forget(user);
    const lease: Lease = {
      user,
      passages: new Set(),
      doors: new Set(),
      rigs: new Map(),
      isSpent: false,
    };
    this.#leases.set(runId, lease);
    return lease;
  }

  /** False: `signal` ended the wait. */
  async #freed(signal: AbortSignal | undefined): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    this.#waiting.push(wake);
    signal?.addEventListener("abort", wake, { once: true });
    if (signal?.aborted === true) wake();
    await promise;
    signal?.removeEventListener("abort", wake);
    if (signal?.aborted !== true) return true;
    const at = this.#waiting.indexOf(wake);
    if (at >= 0) this.#waiting.splice(at, 1);
    // It was woken for a user that another may have.
    else this.#waiting.shift()?.();
    return false;
  }

  async #open(lease: Lease, wanted: Wanted): Promise<number[]> {
    const groups = new Set<number>();
    const behind = new Map<string, { path: string; writable: boolean }[]>();
    const all = [
      ...wanted.readOnly.map((path) => ({ path, writable: false })),
      ...wanted.readWrite.map((path) => ({ path, writable: true })),
    ];
    for (const { path, writable } of all) {
      const found = this.#ground.doorOf(path);
      if (found === null) continue;
      if (found.isRig) groups.add(this.#enterRig(lease, found.door, path));
      else behind.set(found.door, [...(behind.get(found.door) ?? []), { path, writable }]);
    }
    for (const [door, paths] of behind) {
      lease.doors.add(door);
      await this.#ground.openRun(door, lease.user, paths);
    }
    return [...groups];
  }

  /** All commands of a run are one user, so each may pass where one may. */
  async #pass({ user, passages }: Lease): Promise<Result<void>> {
    const all = [...passages];
    const passage = {
      ports: sorted(all.flatMap(({ ports }) => ports)),
      serves: sorted(all.flatMap(({ serves }) => serves)),
      open: all.some(({ open }) => open),
    };
    return this.#filter === null ? OPEN : this.#filter.set(user, passage);
  }

  #enterRig(lease: Lease, door: string, mirror: string): number {
    const known = lease.rigs.get(door);
    if (known !== undefined) return known;
    const rig = this.#rigs.get(door) ?? { gid: this.#takeGroup(), runs: 0 };
    rig.runs += 1;
    this.#rigs.set(door, rig);
    lease.rigs.set(door, rig.gid);
    this.#ground.openRig(door, rig.gid, mirror);
    return rig.gid;
  }

  #takeGroup(): number {
    const gid = this.#freeGroups.shift();
    if (gid === undefined) throw new Error("there are fewer groups for rigs than users for runs");
    return gid;
  }

  async #leave(runId: string, lease: Lease, passage: Passage): Promise<void> {
    lease.passages.delete(passage);
    const isClear = lease.passages.size > 0 || (await sweepUser(lease.user, this.#tools()));
    // Where that fails the next command, or the next run, does not begin before it is done.
    await this.#pass(lease);
    lease.isSpent ||= !isClear;
    if (lease.passages.size > 0) return;
    for (const door of lease.doors) this.#ground.close(door);
    for (const [door, gid] of lease.rigs) this.#leaveRig(door, gid);
    this.#leases.delete(runId);
    // What cannot be killed hangs in the kernel: its user is lent to nobody until the runner starts again.
    if (!lease.isSpent) this.#free.push(lease.user);
    this.#waiting.shift()?.();
  }

  #leaveRig(door: string, gid: number): void {
    const rig = this.#rigs.get(door);
    if (rig === undefined) return;
    rig.runs -= 1;
    if (rig.runs > 0) return;
    this.#ground.close(door);
    this.#rigs.delete(door);
    this.#freeGroups.push(gid);
  }

  #tools() {
    return { setpriv: this.#setpriv, owner: this.#owner };
  }
}

function sorted(ports: readonly number[]): number[] {
  return [...new Set(ports)].sort((a, b) => a - b);
}

function ownerOf(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.uid ?? 0;
}
