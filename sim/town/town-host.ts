/** A host with a town on it: the production town between ports in memory, killed and started at will. */
import { RUNNER_RIGHTS } from "../../protocol/entities/runner-rights.ts";
import { refuse, type Ack } from "../../protocol/error.ts";
import type { FeedChange, Log, TownCore } from "../../server/core.ts";
import type { Policy } from "../../server/model/policy.ts";
import { settle } from "../../server/socket/receive.ts";
import { RunnerConnection, runnerFrames } from "../../server/socket/runner-connection.ts";
import { RunnerLinks, type RunnerLink } from "../../server/socket/runner-links.ts";
import { memoryBlobs } from "../../server/store/blobs/blobs.ts";
import { openTown } from "../../server/town.ts";
import { Life, never, type BoundaryWatcher } from "../runner/life.ts";
import type { RunnerLine, TownLine, TownSide } from "../runner/network.ts";
import type { SimRandom } from "../random.ts";
import type { HostClock } from "../world/host-clock.ts";
import { simAuth } from "./auth.ts";
import { TownDatabases } from "./databases.ts";

const OWNER = { principal: "owner", actor: "person:owner" } as const;

export interface TownWorld {
  clock: HostClock;
  random: SimRandom;
  policy: Partial<Policy>;
  log: Log;
  /** Told of every commit and of every effect sent; may kill the town. */
  watch: BoundaryWatcher;
  /** What a commit that stands has changed. */
  onChanges: (epoch: number, changes: readonly FeedChange[]) => void;
  /** A frame of a runner was taken, and answered with this. */
  onHeard: (runnerId: string, event: string, frame: object, value: unknown) => void;
  /** The town is up, and has told nothing yet. */
  onOpened: (core: TownCore) => void;
}

/** One start of the town. */
interface Incarnation {
  life: Life;
  links: RunnerLinks;
  lines: Set<RunnerLine>;
  core: TownCore | null;
  /** Killed before the commit under way: what its tick still tells never was. */
  undone: boolean;
}

export class TownHost implements TownSide {
  readonly databases = new TownDatabases();
  /** Files outlive the town; one that was put back finds newer ones. */
  readonly #blobs = memoryBlobs();
  readonly #world: TownWorld;
  #now: Incarnation | null = null;

  constructor(world: TownWorld) {
    this.#world = world;
  }

  get core(): TownCore | null {
    return this.#now?.core ?? null;
  }

  get isUp(): boolean {
    return this.#now !== null;
  }

  start(): void {
    if (this.#now !== null) throw new Error("the town is up");
    const { clock, random, policy, log } = this.#world;
    const watch = (moment: string) => this.#world.watch(moment);
    const life = new Life({ clock, watch, latencyMs: () => 0, lingers: () => null });
    const links = new RunnerLinks();
    const here: Incarnation = { life, links, lines: new Set(), core: null, undone: false };
    this.#now = here;
    const data = this.databases.open((moment) => {
      const alive = life.pass(moment);
      if (!alive && moment === "before commit") here.undone = true;
    });
    const time = life.clock;
    const scheduler = {
      soon: (act: () => void) => void time.after(0, act),
      after: (ms: number, act: () => void) => time.after(ms, act),
    };
    const ports = { clock, random, scheduler, log, auth: simAuth, runnerPort: links };
    void openTown({
      ...{ data, policy, blobs: this.#blobs, ...ports },
      appVersion: "0.0.0",
      demo: false,
      modelTest: () => Promise.resolve(refuse("offline", "There is no model here.")),
    }).then((town) => this.#opened(here, town.core));
  }

  /** SIGKILL: what it committed stays. */
  kill(): void {
    const here = this.#now;
    if (here === null) return;
    this.#now = null;
    here.life.kill();
    this.databases.kill();
    for (const line of here.lines) line.cut("the town is gone");
  }

  close(): void {
    this.kill();
    this.databases.close();
  }

  /**
   * Asks the town as the owner does. Null: it ended before it answered, or it is down.
   * A query answers of what is committed.
   */
  ask(name: string, body: object, key?: string): Promise<Ack | null> {
    const here = this.#now;
    const core = here?.core ?? null;
    if (here === null || core === null) return Promise.resolve(null);
    const answer = () => core.call(name, body, OWNER, key);
    const asked = settle(answer, body, name, this.#world.log).then(({ ack }) => ack);
    const ended = new Promise<null>((resolve) => here.life.onEnd(() => resolve(null)));
    return Promise.race([asked.then((ack) => (this.#now === here ? ack : null)), ended]);
  }

  open(line: RunnerLine): ReturnType<TownSide["open"]> {
    const here = this.#now;
    const core = here?.core ?? null;
    if (here === null || core === null || this.#world.clock.isFrozen)
      return {
        refusal: refuse("offline", "The town does not answer.", { retryable: true }).error,
      };
    here.lines.add(line);
    const { life, links } = here;
    const connection = new RunnerConnection({
      ...{ core, links, log: this.#world.log, tokenId: "tk_sim" },
      rights: () => RUNNER_RIGHTS,
      ask: (event, frame, deadlineMs) => this.#send(life, line, { event, frame, deadlineMs }),
      close: () => line.cut("the town closed the connection"),
    });
    return { line: this.#townLine(here, line, connection) };
  }

  #townLine(here: Incarnation, line: RunnerLine, connection: RunnerConnection): TownLine {
    const { life } = here;
    const arrived = () =>
      new Promise<void>((resolve) =>
        this.#world.clock.arrive(() => void (life.isOver || resolve())),
      );
    return {
      take: async (event, frame) => {
        await arrived();
        const parsed = runnerFrames[event].safeParse(frame);
        if (!parsed.success)
          return refuse("invalid_body", `The frame ${event} is wrong: ${parsed.error.message}`);
        const { ack, next } = await settle(
          (data, then) => connection.take(event, data, then),
          parsed.data,
          event,
          this.#world.log,
        );
        if (life.isOver) return never();
        if (ack.ok && connection.runnerId !== null)
          this.#world.onHeard(connection.runnerId, event, parsed.data, ack.value);
        life.clock.after(1, () => next.forEach((act) => act()));
        return ack;
      },
      gone: () => {
        here.lines.delete(line);
        void arrived().then(() => connection.gone("the connection is gone"));
      },
    };
  }

  #send(
    life: Life,
    line: RunnerLine,
    { event, frame, deadlineMs }: Sent,
  ): ReturnType<RunnerLink["ask"]> {
    if (!life.pass(`before send ${event}`)) return never();
    return new Promise((resolve, reject) => {
      const off = life.clock.after(deadlineMs, () => reject(new Error("no answer in time")));
      void line.ask(event, frame).then((answer) => {
        this.#world.clock.arrive(() => {
          off();
          // Null: the connection is gone, which the connection tells by itself.
          if (answer !== null && life.pass(`after send ${event}`)) resolve(answer);
        });
      });
    });
  }

  #opened(here: Incarnation, core: TownCore): void {
    if (here.life.isOver) return;
    here.core = core;
    this.#world.onOpened(core);
    core.onChanges((epoch, changes) => {
      if (!here.undone) this.#world.onChanges(epoch, changes);
    });
  }
}

interface Sent {
  event: Parameters<RunnerLink["ask"]>[0];
  frame: object;
  deadlineMs: number;
}
