/** A host with a runner on it: the production runner between ports in memory, killed and started at will. */
import { refuse, type Result } from "../../protocol/error.ts";
import type { AgentDriver, AgentSpec } from "../../runner/agents/driver.ts";
import { PortBlocks } from "../../runner/host/port-blocks.ts";
import { createLog } from "../../runner/log.ts";
import type { HostFigures } from "../../protocol/run.ts";
import { openRunner, type RunnerPorts } from "../../runner/open-runner.ts";
import type { Runner } from "../../runner/running.ts";
import type { RunnerFacts } from "../../runner/session/town-session.ts";
import { SimAgent } from "../agent/agent.ts";
import type { Mind } from "../agent/answer.ts";
import { SimDoors } from "../agent/doors.ts";
import { SimDisk } from "../disk.ts";
import { SimHostFiles } from "../git/host-files.ts";
import type { SimForge } from "../git/forge.ts";
import { simWorks } from "../git/works.ts";
import type { SimRandom } from "../random.ts";
import { simCommands, type JudgeCommand } from "./commands.ts";
import { Life, type LifeWorld } from "./life.ts";
import { simTransport, type JudgeFrame, type TownSide } from "./network.ts";

/** A host on which nothing is ever short. */
const ROOMY: HostFigures = {
  cores: 8,
  load1: 0,
  memoryBytes: 32e9,
  memoryFreeBytes: 32e9,
  diskFreeBytes: 500e9,
  refuses: null,
};

/** Nobody opens a terminal here. */
const noTerminals: Pick<RunnerPorts, "openPty" | "openScreen"> = {
  openPty: () => Promise.resolve(refuse("unsupported", "A simulated host has no terminals.")),
  openScreen: () => {
    throw new Error("a simulated host has no screens");
  },
};

export interface HostWorld extends LifeWorld {
  /** How long an end of a connection takes to be noticed on the other side; at once by default. */
  noticeMs?: () => number;
  random: SimRandom;
  forge: SimForge;
  town: TownSide;
  /** Null: the agent of this run refuses to start. */
  mindOf: (spec: AgentSpec) => Mind | null;
  /** How long an agent takes to be up, where that is not at once. */
  startMs?: (spec: AgentSpec) => number | undefined;
  judge: JudgeCommand;
  fate: JudgeFrame;
  /** The runner has ended because its disk failed. */
  halted: (host: SimRunnerHost) => void;
  /** The runner has ended by itself, as it was told to. */
  ended?: () => void;
  /** Lines of the runner's log. */
  write: (line: string) => void;
}

export class SimRunnerHost {
  readonly disk = new SimDisk();
  readonly files: SimHostFiles;
  readonly #world: HostWorld;
  readonly #facts: RunnerFacts;
  #life: Life | null = null;
  /** What became of the newest start. */
  started: Promise<Result<Runner>> | null = null;

  constructor(world: HostWorld, facts: RunnerFacts) {
    this.#world = world;
    this.#facts = facts;
    this.files = new SimHostFiles(world.forge, `/sim/${facts.name}`);
  }

  get isUp(): boolean {
    return this.#life !== null;
  }

  /** It is up, and its process does not stand still. */
  get isAwake(): boolean {
    return this.#life !== null && !this.#life.isFrozen;
  }

  start(): void {
    if (this.#life !== null) throw new Error("the runner is up");
    const life = new Life(this.#world);
    this.#life = life;
    this.started = openRunner(this.#ports(life), this.#facts);
  }

  /** SIGKILL: disk and repositories stay, the agents end with it. */
  kill(): void {
    this.#life?.kill();
    this.#life = null;
    this.disk.kill();
  }

  /** SIGTERM: it drains and ends by itself. */
  stop(): void {
    void this.started?.then((opened) => (opened.ok ? opened.value.stop("SIGTERM") : undefined));
  }

  /** SIGSTOP and SIGCONT. */
  freeze(): void {
    this.#life?.freeze();
  }

  thaw(): void {
    this.#life?.thaw();
  }

  /** As `kill`, without what was not synced. */
  cutPower(): void {
    this.kill();
    this.disk.cutPower();
  }

  #ports(life: Life): RunnerPorts {
    const { clock, random, town, fate, judge, write, halted, noticeMs } = this.#world;
    const doors = new SimDoors(random);
    return {
      clock: life.clock,
      random,
      log: createLog({ level: "debug", now: () => clock.now(), write }),
      disk: this.disk.door((moment) => void life.pass(moment)),
      transport: simTransport({ life, clock, town, fate, noticeMs }),
      works: life.door("works", simWorks(this.files)),
      commands: life.door("commands", simCommands(this.files, life.clock, judge)),
      openDoors: doors.open,
      ...noTerminals,
      createDriver: (spec) => this.#driver(life, doors, spec),
      // A killed runner's processes end with it: there is nothing to find.
      stopStrays: () => life.call("stopStrays", () => undefined),
      hide: [],
      // Remotes of a play ask nobody who he is.
      keys: { join: () => undefined },
      programs: ["kilo"],
      isolation: "bwrap",
      host: () => ROOMY,
      ports: new PortBlocks(() => true, 0),
      townUrl: "http://town.sim",
      halt: (why) => {
        write(`${why}\n`);
        this.kill();
        halted(this);
      },
      close: () => Promise.resolve(this.#ended(life)),
    };
  }

  /** The runner has ended by itself. */
  #ended(life: Life): void {
    life.kill();
    if (this.#life === life) this.#life = null;
    this.#world.ended?.();
  }

  #driver(life: Life, doors: SimDoors, spec: AgentSpec): AgentDriver | { missing: string } {
    const door = doors.find(spec.tools.secret);
    const files = this.files.filesAt(spec.cwd);
    if (door === undefined || files === undefined) return { missing: "The agent has no place." };
    const mind = this.#world.mindOf(spec);
    const startMs = this.#world.startMs?.(spec);
    const own = startMs === undefined ? {} : { startMs };
    const agent = new SimAgent(spec, { clock: life.clock, mind, door, files, ...own });
    return {
      exited: agent.exited,
      prepare: () => life.call("driver.prepare", () => agent.prepare()),
      start: () => life.call("driver.start", () => agent.start()),
      toolsRegistered: () => agent.toolsRegistered(),
      prompt: (prompt) => life.call("driver.prompt", () => agent.prompt(prompt)),
      interrupt: () => life.call("driver.interrupt", () => agent.interrupt()),
      onEvent: (listener) => agent.onEvent(listener),
      usage: () => agent.usage(),
      snapshot: () => life.call("driver.snapshot", () => agent.snapshot()),
      residentBytes: () => agent.residentBytes(),
      stop: () => life.call("driver.stop", () => agent.stop()),
    };
  }
}
