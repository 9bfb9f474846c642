/** One play: a town, its runners, their agents and remotes, and people, all from one seed. */
import type { FeedChange, Log, TownCore } from "../../server/core.ts";
import type { AgentSpec } from "../../runner/agents/driver.ts";
import type { Mind } from "../agent/answer.ts";
import { SimForge } from "../git/forge.ts";
import type { Files } from "../git/objects.ts";
import type { SimRandom } from "../random.ts";
import type { Judged } from "../runner/commands.ts";
import { SimRunnerHost } from "../runner/host.ts";
import type { TownDatabases } from "../town/databases.ts";
import { TownView } from "../town/town-view.ts";
import { TownHost } from "../town/town-host.ts";
import { HostClock } from "../world/host-clock.ts";
import { Trace } from "../world/trace.ts";
import { World } from "../world/world.ts";
import { makeMind, type Oddity } from "./minds.ts";
import { People } from "./people.ts";
import { judgeTree, makeRigs, type PlayRig } from "./rigs.ts";
import type { Scenario } from "./scenario.ts";
import { planWishes } from "./wishes.ts";

const SLOTS = { town: 12, runner: 4 };
/** Longer than people who take a rig back wait with that. */
export const TRASH_KEPT_MS = 5 * 60_000;
/** Shorter than a town's own, so that plays reach them. */
const PATIENCE = {
  agentWallMs: 15 * 60_000,
  codeWallMs: 5 * 60_000,
  questionDeadlineMs: 10 * 60_000,
  escalationRemindMs: 4 * 60_000,
  escalationCalmMs: 6 * 60_000,
  agentIdleMs: 10 * 60_000,
  // Half of all that happens would be heartbeats that move nothing.
  heartbeatMs: 20_000,
  startStillMs: 3 * 60_000,
  workStillMs: 90_000,
  reviewStillMs: 90_000,
  awayGraceMs: 30_000,
  trashKeptMs: TRASH_KEPT_MS,
  triageWallMs: 3 * 60_000,
  triageCoolMs: 5_000,
  // Minds are given to agents by their run: none can be up before it.
  warmWorkMs: 0,
};
/** A slow start takes at most this long: some are in time. */
const SLOW_START_MS = 8 * 60_000;
/** From a runner that gave up to its next start by whoever supervises it. */
const RESTART_MS = 2_000;
/** The same for one that ended as it was told to. */
const DRAINED_MS = 45_000;

export interface PlayRunner {
  name: string;
  clock: HostClock;
  host: SimRunnerHost;
}

/** What faults may turn in the world, and what checkers are told. */
export interface Hooks {
  /** Of the town: every commit and every effect. May kill it. */
  townMoment: (moment: string) => void;
  runnerMoment: (runner: PlayRunner, moment: string) => void;
  fate: (runner: PlayRunner) => {
    delayMs: number;
    lost: boolean;
    doubled: boolean;
    overtakes?: boolean;
  };
  noticeMs: (runner: PlayRunner) => number;
  /** How long after its time a call of a killed runner still takes effect; null: never. */
  lingersMs: (runner: PlayRunner) => number | null;
  isCut: (runner: PlayRunner) => boolean;
  /** Why a command of a rig could not be run; null: it runs. */
  commandFault: () => Judged | null;
  oddity: (spec: AgentSpec) => Oddity | null;
  /** The town has started. */
  opened: (core: TownCore) => void;
  /** The town that is down will begin with other data. */
  replaced: () => void;
  changes: (epoch: number, changes: readonly FeedChange[]) => void;
  /** A rule of the town was applied. */
  rule: (id: string) => void;
  heard: (runnerId: string, event: string, frame: object, value: unknown) => void;
  log: (who: string, level: "info" | "warn" | "error", message: string, fields: object) => void;
}

export class Play {
  readonly world: World;
  readonly forge = new SimForge();
  readonly rigs: PlayRig[];
  readonly town: TownHost;
  readonly townClock: HostClock;
  readonly runners: PlayRunner[] = [];
  readonly people: People;
  /** The town as its feed tells it. */
  readonly view = new TownView();
  readonly hooks: Hooks;
  /** Ids of the beads by their numbers, as people were told them. */
  readonly beads = new Map<number, string>();
  /** Those that people have deleted since. */
  readonly deleted = new Set<string>();
  /** Those that the town does not know any more: they are newer than the backup that was put back. */
  readonly forgotten = new Set<string>();
  /** Beads that people have ever worked on themselves. */
  readonly taken = new Set<string>();
  /** Rigs that somebody deletes, until they are back. */
  readonly leaving = new Set<string>();
  /** Rigs that are gone for good. */
  readonly purged = new Set<string>();
  /** The town began again with other data. */
  wasReplaced = false;
  /** An old backup of the town was put back. */
  wasRestored = false;

  /** Runs whose agents take their time to be up. */
  readonly #startMs = new Map<string, number>();

  /** How many beads people ask for. */
  readonly beadsWanted: number;

  constructor(scenario: Scenario) {
    this.beadsWanted = scenario.size.beads;
    const { seed, size, traceLines, activeMs } = scenario;
    const world = new World(seed, new Trace(traceLines));
    this.world = world;
    this.hooks = quietHooks(world.fork());
    this.rigs = makeRigs(this.forge, world.fork(), size);
    this.townClock = new HostClock(world, "town");
    this.town = this.#makeTown();
    for (let n = 0; n < size.runners; n++) this.runners.push(this.#makeRunner(n));
    this.people = new People(world, this.town);
    world.after(0, "the town starts", () => this.town.start());
    for (const { name, host } of this.runners) world.after(0, `${name} starts`, () => host.start());
    const onBead = (n: number, id: string) => void this.beads.set(n, id);
    const { rigs, people } = this;
    const withinMs = activeMs / 2;
    planWishes({ world, people, rigs, beads: size.beads, withinMs, onBead });
  }

  /** Ends it: its databases hold memory. */
  close(): void {
    for (const { host } of this.runners) {
      host.kill();
      host.disk.close();
    }
    this.town.close();
  }

  /** The town is down for a while, and begins again with other data. */
  replaceData(change: (databases: TownDatabases) => void, downMs: number): void {
    this.town.kill();
    change(this.town.databases);
    this.wasReplaced = true;
    this.hooks.replaced();
    this.world.after(downMs, "the town starts", () => this.startTown());
  }

  /** Unless it was started meanwhile. */
  startTown(): void {
    this.townClock.wake();
    if (this.town.isUp) return;
    this.world.trace.say("town", "starts");
    this.town.start();
  }

  /** Unless it was started meanwhile. */
  startRunner({ host }: PlayRunner): void {
    if (!host.isUp) host.start();
  }

  /** The files of every ref that work lands on. */
  landedFiles(): Files[] {
    const files: Files[] = this.rigs.map(({ url, input }) =>
      this.forge.filesOf(url, input.delivery === "merge" ? "main" : "gastown/landed/main"),
    );
    for (const { host } of this.runners)
      for (const { refs } of host.files.stores()) {
        const tip = refs.get("refs/heads/gastown/landed/main");
        if (tip !== undefined) files.push(this.forge.objects.files(tip) ?? new Map());
      }
    return files;
  }

  /** The files of a branch where it is: in a remote, or, for work that stays with its runner, in a store. */
  filesOn(branch: string): Files[] {
    const remotes = this.rigs.map(({ url }) => this.forge.at(url).repository);
    const stores = this.runners.flatMap(({ host }) => [...host.files.stores()]);
    const tips = [...remotes, ...stores].flatMap(
      ({ refs }) => refs.get(`refs/heads/${branch}`) ?? [],
    );
    return [...new Set(tips)].flatMap((tip) => this.forge.objects.files(tip) ?? []);
  }

  #makeTown(): TownHost {
    const log =
      (level: "info" | "warn" | "error"): Log["info"] =>
      (fields, message) =>
        this.hooks.log("town", level, message, fields);
    return new TownHost({
      clock: this.townClock,
      random: this.world.fork(),
      policy: { slots: SLOTS.town, ...PATIENCE, authorSessionMs: 0 },
      log: {
        debug: ({ rule }) => (typeof rule === "string" ? this.hooks.rule(rule) : undefined),
        ...{ info: log("info"), warn: log("warn"), error: log("error") },
      },
      watch: (moment) => this.hooks.townMoment(moment),
      onOpened: (core) => this.hooks.opened(core),
      onChanges: (epoch, changes) => this.hooks.changes(epoch, changes),
      onHeard: (...what) => this.hooks.heard(...what),
    });
  }

  #makeRunner(n: number): PlayRunner {
    const { world, forge, hooks, town } = this;
    const name = `runner${n}`;
    const clock = new HostClock(world, name);
    const random = world.fork();
    const host: SimRunnerHost = new SimRunnerHost(
      {
        ...{ clock, random, forge },
        town: {
          open: (line) =>
            hooks.isCut(runner)
              ? { refusal: { code: "offline", message: "The network is cut.", retryable: true } }
              : town.open(line),
        },
        mindOf: (spec) => this.#mindOf(runner, spec, random),
        judge: (line, files) => hooks.commandFault() ?? judgeTree(line, files, random),
        startMs: ({ runId }) => this.#startMs.get(runId),
        fate: () => hooks.fate(runner),
        noticeMs: () => hooks.noticeMs(runner),
        watch: (moment) => hooks.runnerMoment(runner, moment),
        latencyMs: () => 1 + random.below(4),
        lingers: () => hooks.lingersMs(runner),
        write: (line) => this.#runnerLog(name, line),
        halted: () =>
          world.after(RESTART_MS, `${name} starts again`, () => this.startRunner(runner)),
        ended: () =>
          world.after(DRAINED_MS, `${name} starts again`, () => this.startRunner(runner)),
      },
      {
        appVersion: "0.0.0",
        name,
        local: n === 0,
        slots: SLOTS.runner,
        isolation: "bwrap",
        isolationReason: null,
      },
    );
    const runner: PlayRunner = { name, clock, host };
    return runner;
  }

  #mindOf({ host }: PlayRunner, spec: AgentSpec, random: SimRandom): Mind | null {
    const oddity = this.hooks.oddity(spec);
    if (oddity !== null) this.world.trace.say("agent", `${spec.role} of ${spec.runId} ${oddity}`);
    if (oddity === "starts slowly") this.#startMs.set(spec.runId, random.below(SLOW_START_MS));
    const files = () => host.files.filesAt(spec.cwd);
    return makeMind(spec, { random, oddity, files, mayor: () => [{ text: "All is well." }] });
  }

  #runnerLog(name: string, line: string): void {
    if (!line.startsWith("{")) return this.hooks.log(name, "warn", line.trim(), {});
    const { level, message, ...fields } = JSON.parse(line) as { level: string; message: string };
    const as = level === "error" || level === "warn" ? level : "info";
    this.hooks.log(name, as, message, fields);
  }
}

function quietHooks(random: SimRandom): Hooks {
  return {
    townMoment: () => undefined,
    runnerMoment: () => undefined,
    fate: () => ({ delayMs: 1 + random.below(3), lost: false, doubled: false }),
    noticeMs: () => 0,
    lingersMs: () => null,
    isCut: () => false,
    commandFault: () => null,
    oddity: () => null,
    opened: () => undefined,
    replaced: () => undefined,
    changes: () => undefined,
    rule: () => undefined,
    heard: () => undefined,
    log: () => undefined,
  };
}
