/** Runs commands inside a sandbox, under the small parent. One API for every mode. */
import { constants } from "node:os";
import { stopStrays } from "../process/find-strays.ts";
import { markOf } from "../process/mark.ts";
import {
  cannotStart,
  finish,
  OUTPUT_BYTES_MAX_DEFAULT,
  startProcess,
  STOP_GRACE_MS_DEFAULT,
  type ManagedProcess,
  type OutputOptions,
  type RunOutput,
} from "../process/process.ts";
import { ok, refuse, type Result } from "../../protocol/error.ts";
import { bwrapArguments, socketInside, SOCKETS_INSIDE } from "./bwrap.ts";
import { readHostLayout, type HostLayout } from "./host-layout.ts";
import type { Isolation } from "./probe.ts";
import type { SandboxMode, SandboxSpec } from "./sandbox-spec.ts";
import { DATABASE_COPY, INSIDE, type Toolbox } from "./toolbox.ts";
import type { Entered } from "./users/agent-users.ts";
import type { Passage } from "./users/filter-table.ts";

/** Time the small parent gets, beyond the command's own, before it is killed itself. */
const PARENT_GRACE_MS = 1_000;
const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const AS_WE_ARE: Entered = { becoming: () => [], leave: () => Promise.resolve() };

export type SandboxRunOptions = {
  timeoutMs: number;
  outputBytesMax?: number;
  graceMs?: number;
  signal?: AbortSignal;
};

export type WrappedCommand = { argv: string[]; leave: () => Promise<void> };

export class Sandbox {
  readonly #isolation: Isolation;
  readonly #toolbox: Toolbox;
  readonly #layout: HostLayout;
  /** PATH of the host, used where nothing isolates: of users of their own it may name closed places. */
  readonly #hostPath: string;
  /** Numbers what is started, for the marks. */
  #parts = 0;

  constructor(options: { isolation: Isolation; toolbox: Toolbox; hostPath: string }) {
    this.#isolation = options.isolation;
    this.#toolbox = options.toolbox;
    this.#hostPath = options.hostPath;
    this.#layout = readHostLayout();
  }

  get mode(): SandboxMode {
    return this.#isolation.mode;
  }

  /** Whether a command reaches only what its spec opens to it. */
  get closesNetwork(): boolean {
    const isolation = this.#isolation;
    return isolation.mode === "user" ? isolation.users.filtersNetwork : isolation.mode === "bwrap";
  }

  /** A lean environment: home, temporary directory, PATH with a `bun`, and nothing of the host's own. */
  environment({ home, tmp }: { home: string; tmp: string }): Record<string, string> {
    const { binDir, gitConfig } = this.#toolbox;
    const path = {
      bwrap: `${INSIDE.binDir}:${SYSTEM_PATH}`,
      user: `${binDir}:${SYSTEM_PATH}`,
      none: `${binDir}:${this.#hostPath}`,
    }[this.mode];
    return {
      PATH: path,
      // Filters and settings of the host's are not its trees'.
      ...(this.mode === "bwrap" ? {} : { GIT_CONFIG_SYSTEM: gitConfig }),
      HOME: home,
      TMPDIR: tmp,
      LANG: "C.UTF-8",
      LC_ALL: "C.UTF-8",
      USER: "agent",
      SHELL: "/bin/sh",
      TERM: "dumb",
    };
  }

  /** The script that copies databases, as a command inside. */
  get databaseCopy(): readonly string[] {
    const binDir = this.mode === "bwrap" ? INSIDE.binDir : this.#toolbox.binDir;
    return [`${binDir}/bun`, `${binDir}/${DATABASE_COPY}`];
  }

  /** Starts `argv`, unless `signal` ends the wait for a user before. `stop` asks the command, waits, and ends the whole sandbox. */
  async start(
    spec: SandboxSpec,
    argv: readonly string[],
    {
      signal,
      ...output
    }: { stdout?: OutputOptions; stderr?: OutputOptions; signal?: AbortSignal | undefined } = {},
  ): Promise<Result<ManagedProcess>> {
    if (spec.mode !== "none" && spec.mode !== this.mode) {
      return refuse("unsupported", `This host cannot isolate: ${this.#isolation.reason}`);
    }
    this.#parts += 1;
    const part = this.#parts;
    const { owner, runId: subject } = spec;
    const admitted = await this.#enter(spec, signal);
    if (!admitted.ok) return admitted;
    const entered = admitted.value;
    const line = [...entered.becoming(), ...this.#supervisedCommandLine(spec, argv)];
    const started = startProcess(line, {
      cwd: "/",
      env: this.#toolbox.compiled ? { ...spec.env, BUN_BE_BUN: "1" } : spec.env,
      mark: markOf(owner, subject, part),
      stdin: "pipe",
      ...output,
      ask: (child, graceMs) => child.write(`stop ${Math.max(0, graceMs - PARENT_GRACE_MS)}\n`),
      translateExit: signalFromCode,
      // Without a PID namespace a child may have left the group: it still carries the mark.
      ...(spec.mode === "bwrap"
        ? {}
        : {
            sweep: async () => {
              await stopStrays({ owner, subject, part }, 0);
              await entered.leave();
            },
          }),
    });
    if (!started.ok) await entered.leave();
    return started;
  }

  /** Runs `argv` to its end, as `run` does outside. */
  async runSandboxed(
    spec: SandboxSpec,
    argv: readonly string[],
    options: SandboxRunOptions,
  ): Promise<RunOutput> {
    const {
      timeoutMs,
      outputBytesMax: bytesMax = OUTPUT_BYTES_MAX_DEFAULT,
      graceMs = STOP_GRACE_MS_DEFAULT,
      signal,
    } = options;
    const started = await this.start(spec, argv, {
      ...{ stdout: { bytesMax }, stderr: { bytesMax }, signal },
    });
    if (!started.ok) return cannotStart(started.error.message);
    return finish(started.value, {
      timeoutMs,
      graceMs,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /**
   * The whole command line that runs `argv` in such a sandbox without the small parent, for a program that starts it
   * itself. The environment is in it, so it must hold no secret. `leave` is to be called when it has ended.
   */
  async wrap(spec: SandboxSpec, argv: readonly string[]): Promise<WrappedCommand> {
    const admitted = await this.#enter(spec);
    if (!admitted.ok) throw new Error(admitted.error.message);
    const entered = admitted.value;
    const line = [
      ...entered.becoming({ diesWithParent: true }),
      ...this.#plainCommandLine(spec, argv),
    ];
    return { argv: line, leave: () => entered.leave() };
  }

  /** Where runs have users, the run's gets what the command needs. */
  #enter(spec: SandboxSpec, signal?: AbortSignal): Promise<Result<Entered>> {
    const { mode } = spec;
    return mode === "user" && this.#isolation.mode === "user"
      ? this.#isolation.users.enter(spec.runId, { ...spec, passage: passageOf(spec) }, signal)
      : Promise.resolve(ok(AS_WE_ARE));
  }

  #plainCommandLine(spec: SandboxSpec, argv: readonly string[]): string[] {
    const pairs = Object.entries(spec.env);
    if (spec.mode !== "bwrap" || this.#isolation.mode !== "bwrap") {
      return [
        "/usr/bin/env",
        "-i",
        "-C",
        spec.cwd,
        ...pairs.map(([name, value]) => `${name}=${value}`),
        ...argv,
      ];
    }
    const { bwrap } = this.#isolation;
    const environment = [
      "--clearenv",
      ...pairs.flatMap(([name, value]) => ["--setenv", name, value]),
    ];
    return [
      bwrap,
      ...bwrapArguments(spec, this.#layout, this.#toolbox),
      ...environment,
      "--chdir",
      spec.cwd,
      "--",
      ...argv,
    ];
  }

  #supervisedCommandLine(spec: SandboxSpec, argv: readonly string[]): string[] {
    const plan = JSON.stringify(this.#plan(spec));
    if (spec.mode !== "bwrap" || this.#isolation.mode !== "bwrap")
      return [this.#toolbox.runtime, this.#toolbox.entry, plan, ...argv];
    return [
      this.#isolation.bwrap,
      ...bwrapArguments(spec, this.#layout, this.#toolbox),
      "--",
      INSIDE.runtime,
      INSIDE.entry,
      plan,
      ...argv,
    ];
  }

  #plan(spec: SandboxSpec) {
    const isolated = spec.mode === "bwrap";
    const forwards = isolated
      ? (spec.sockets ?? []).map(({ name, insidePort }) => ({
          port: insidePort,
          socket: socketInside(name),
        }))
      : [];
    const agent =
      isolated && spec.agentServer !== undefined
        ? { socket: `${SOCKETS_INSIDE}/agent.sock`, port: spec.agentServer.insidePort }
        : null;
    return {
      cwd: spec.cwd,
      forwards,
      agent,
      ownsNamespace: isolated,
      takesInput: spec.takesInput ?? false,
      terminal: spec.terminal ?? null,
      dropRuntimeFlag: this.#toolbox.compiled,
    };
  }
}

/** What a command is let through to where a packet filter keeps it in. */
function passageOf({ sockets = [], agentServer, network }: SandboxSpec): Passage {
  return {
    ports: sockets.flatMap(({ address }) => ("port" in address ? [address.port] : [])),
    serves: agentServer === undefined ? [] : [agentServer.insidePort],
    open: network === "open",
  };
}

/** Hands a line to a command that takes input. */
export function sendLine(child: ManagedProcess, line: string): void {
  child.write(`> ${line}\n`);
}

/** Types into the terminal of a command that has one. */
export function typeInto(child: ManagedProcess, data: Uint8Array): void {
  child.write(`k ${Buffer.from(data).toString("base64")}\n`);
}

export function resizeTerminal(child: ManagedProcess, cols: number, rows: number): void {
  child.write(`z ${cols} ${rows}\n`);
}

/** The small parent, and bubblewrap itself, report a signal as a shell does: 128 + n. */
export function signalFromCode(end: { code: number | null; signal: string | null }): {
  code: number | null;
  signal: string | null;
} {
  if (end.code === null || end.code <= 128) return end;
  const name = Object.entries(constants.signals).find(
    ([, number]) => number === (end.code ?? 0) - 128,
  )?.[0];
  return name === undefined ? end : { code: null, signal: name };
}
