// The agent programs of the tests, each as its driver.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AgentProgram } from "../../../protocol/entities/agent-program.ts";
import { AcpDriver } from "../../../runner/agents/acp/acp-driver.ts";
import { ACP_PROGRAMS } from "../../../runner/agents/find-programs.ts";
import type { AgentDriver, AgentSpec } from "../../../runner/agents/driver.ts";
import { findKilo } from "../../../runner/agents/kilo/kilo-binary.ts";
import { KiloDriver } from "../../../runner/agents/kilo/kilo-driver.ts";
import { findAgentProgram } from "../../../runner/agents/agent-program.ts";
import type { Log } from "../../../runner/log.ts";
import { findStrays } from "../../../runner/process/find-strays.ts";
import { programsDir } from "../../support/programs-dir.ts";
import { repositoryRoot } from "../../support/town-process.ts";
import type { Sandbox } from "../../../runner/sandbox/sandbox.ts";

type World = { dataDir: string; owner: string; sandbox: Sandbox };

export type AgentOptions = {
  password: string;
  /**
   * Starts kilo behind `deaf-kilo.ts`: its first streams of events break, none is ever answered, or the first ends it.
   * Without isolation only.
   */
  deaf?: { broken: number } | "hold" | "die";
  startTimeoutMs: number;
};

const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

export function createAgent(spec: AgentSpec, world: World, options: AgentOptions): AgentDriver {
  return spec.program === "kilo"
    ? createKilo(spec, world, options)
    : createAcp(spec, spec.program, world, options);
}

function createAcp(
  spec: AgentSpec,
  name: Exclude<AgentProgram, "kilo">,
  world: World,
  options: AgentOptions,
): AgentDriver {
  const program = ACP_PROGRAMS[name];
  const search = { setting: null, path: "", roots: [programsDir], installDir: null };
  const found = findAgentProgram({ ...program.layout, homes: [] }, search);
  if (!found.ok) throw new Error(found.error.message);
  return new AcpDriver(spec, {
    sandbox: world.sandbox,
    owner: world.owner,
    program,
    found: found.value,
    startTimeoutMs: options.startTimeoutMs,
    now: Date.now,
  });
}

function createKilo(
  spec: AgentSpec,
  world: World,
  { deaf, startTimeoutMs, password }: AgentOptions,
): AgentDriver {
  const kilo = findKilo({ setting: null, path: "", roots: [repositoryRoot], installDir: null });
  if (!kilo.ok) throw new Error(kilo.error.message);
  return new KiloDriver(spec, {
    sandbox: world.sandbox,
    owner: world.owner,
    binary: deaf === undefined ? kilo.value.path : deafKilo(world, kilo.value.path, deaf),
    password,
    startTimeoutMs,
    networkRetryMs: 1_000,
    now: Date.now,
    random: Math.random,
    log: silentLog,
  });
}

/** A program that is called as kilo is. */
function deafKilo(world: World, kilo: string, deaf: NonNullable<AgentOptions["deaf"]>): string {
  const path = join(world.dataDir, "kilo");
  const how = typeof deaf === "string" ? `${deaf} 0` : `break ${deaf.broken}`;
  const door = join(import.meta.dir, "deaf-kilo.ts");
  writeFileSync(path, `#!/bin/sh\nexec bun '${door}' '${kilo}' ${how} "$@"\n`, { mode: 0o755 });
  return path;
}

const COMMANDS: Readonly<Record<AgentProgram, RegExp>> = {
  kilo: /^[^\0]*\/kilo\0serve/,
  opencode: /^[^\0]*\/opencode\0acp/,
  "claude-code": /^[^\0]*bun\0[^\0]*claude-agent-acp\/dist\/index\.js/,
  codex: /^[^\0]*bun\0[^\0]*codex-acp\/dist\/index\.js/,
};

/** Kills the program itself, not what started it. */
export async function crashAgent(
  program: AgentProgram,
  owner: string,
  runId: string,
): Promise<void> {
  for (const { pid } of await findStrays({ owner, subject: runId })) {
    const command = await Bun.file(`/proc/${pid}/cmdline`).text();
    if (COMMANDS[program].test(command)) process.kill(pid, "SIGKILL");
  }
}
