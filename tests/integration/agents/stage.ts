// A run's surroundings for tests: data directory, sandbox, gateway, tool server and scripted model, all real.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentProgram } from "../../../protocol/entities/agent-program.ts";
import type { Role } from "../../../protocol/run.ts";
import type { AgentDriver, AgentEvent, AgentSpec } from "../../../runner/agents/driver.ts";
import type { ContractStage, ContractTurn } from "../../../runner/agents/driver.contract.ts";
import {
  openGateway,
  type Admission,
  type ModelCallRecord,
} from "../../../runner/agents/gateway.ts";
import { openToolServer } from "../../../runner/agents/mcp.ts";
import type { ModelFailure } from "../../../protocol/model-api/model-failure.ts";
import { rolePrompt } from "../../../runner/agents/prompts/role-prompt.ts";
import { markOwner } from "../../../runner/process/mark.ts";
import { probeIsolation } from "../../../runner/sandbox/probe.ts";
import { Sandbox } from "../../../runner/sandbox/sandbox.ts";
import type { SandboxMode } from "../../../runner/sandbox/sandbox-spec.ts";
import { openUsers } from "../../../runner/sandbox/isolation.ts";
import type { AgentPool } from "../../../runner/sandbox/users/agent-user.ts";
import { claimUsers } from "../../../runner/sandbox/users/host-users.ts";
import { prepareToolbox } from "../../../runner/sandbox/toolbox.ts";
import type { ModelCall } from "../../../scripted/call-log.ts";
import { scriptSchema } from "../../../scripted/script.ts";
import { startScriptedModel } from "../../../scripted/server.ts";
import { crashAgent, createAgent, type AgentOptions } from "./programs.ts";

export const API_KEY = "sk-the-one-real-key";
const START_TIMEOUT_MS = 60_000;

export type World = AsyncDisposable & {
  dataDir: string;
  /** The runner's folder. */
  root: string;
  owner: string;
  sandbox: Sandbox;
};

/** A runner's data directory and its sandbox, in one mode of isolation. */
export async function openWorld(mode: SandboxMode): Promise<World> {
  const dataDir = await mkdtemp(join(tmpdir(), "gt-"));
  if (mode === "user") return openUserWorld(dataDir);
  const owner = markOwner(dataDir);
  const isolation =
    mode === "bwrap"
      ? await probeIsolation(owner)
      : { mode: "none" as const, reason: "asked for by the test" };
  if (isolation.mode !== mode) throw new Error(isolation.reason);
  const toolbox = await prepareToolbox(join(dataDir, "toolbox"), {
    runtime: process.execPath,
    compiled: false,
  });
  const sandbox = new Sandbox({ isolation, toolbox, hostPath: process.env["PATH"] ?? "" });
  return {
    dataDir,
    root: dataDir,
    owner,
    sandbox,
    [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true }),
  };
}

/** With users by number, so that a host needs no new ones; only root can lend them. */
export async function openUserWorld(dataDir: string, count = 3): Promise<World> {
  const root = join(dataDir, "runner");
  await mkdir(root, { recursive: true, mode: 0o700 });
  const owner = markOwner(root);
  const claim = claimUsers(poolOfTests(), count, TEST_LOCKS_DIR);
  const opened = await openUsers(
    {
      ...{ owner, root, dataDir, home: homedir() },
      toolbox: { dir: join(root, "toolbox"), runtime: process.execPath, compiled: false },
      warn: (text) => {
        throw new Error(text);
      },
    },
    claim,
  );
  if ("why" in opened) throw new Error(opened.why);
  const { isolation, toolbox } = opened;
  const sandbox = new Sandbox({ isolation, toolbox, hostPath: process.env["PATH"] ?? "" });
  return {
    ...{ dataDir, root, owner, sandbox },
    [Symbol.asyncDispose]: async () => {
      await isolation.users.close();
      claim.release();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Numbers that no distribution gives away, shared by all tests of this host. */
const TEST_UID_FIRST = 64_100;
const TEST_USERS = 60;
const TEST_LOCKS_DIR = "/run/gastown-agents-of-tests";

function poolOfTests(): AgentPool {
  const ids = Array.from({ length: TEST_USERS }, (_, n) => TEST_UID_FIRST + n);
  return {
    users: ids.map((id) => ({ name: `test-${id}`, uid: id, gid: id })),
    rigGroups: ids.map((id) => id + TEST_USERS),
  };
}

export type RunDirs = { tree: string; home: string; tmp: string; sockets: string };

export async function makeRun(world: World, runId: string): Promise<RunDirs> {
  const run = join(world.root, "runs", runId);
  const dirs = {
    tree: join(run, "tree"),
    home: join(run, "home"),
    tmp: join(run, "tmp"),
    sockets: join(world.dataDir, "s", runId),
  };
  await Promise.all(Object.values(dirs).map((dir) => mkdir(dir, { recursive: true, mode: 0o700 })));
  return dirs;
}

export type AgentStageOptions = {
  /** kilo by default. */
  program?: AgentProgram;
  mode?: SandboxMode;
  role?: Role;
  runId?: string;
  turns: readonly ContractTurn[];
  admit?: () => Admission;
  spec?: (spec: AgentSpec) => Partial<AgentSpec>;
  deaf?: NonNullable<AgentOptions["deaf"]>;
  startTimeoutMs?: number;
};

export type AgentStage = ContractStage & {
  world: World;
  dirs: RunDirs;
  usage: ModelCallRecord[];
  failures: ModelFailure[];
  calls: ModelCall[];
  password: string;
};

/** A run of an agent with everything around it; the driver is not started. */
export async function openAgentStage(options: AgentStageOptions): Promise<AgentStage> {
  const { role = "polecat", runId = "r1", turns, admit = () => ({ ok: true }) } = options;
  const { program = "kilo", startTimeoutMs = START_TIMEOUT_MS } = options;
  const world = await openWorld(options.mode ?? "bwrap");
  const dirs = await makeRun(world, runId);
  const calls: ModelCall[] = [];
  const usage: ModelCallRecord[] = [];
  const failures: ModelFailure[] = [];
  const toolCalls: { tool: string; args: Record<string, unknown> }[] = [];
  const model = startScriptedModel({
    script: script(role, turns),
    apiKey: API_KEY,
    onCall: (call) => calls.push(call),
  });
  const listen = (name: string) =>
    world.sandbox.mode === "bwrap"
      ? { unix: join(dirs.sockets, `${name}.sock`) }
      : { tcp: true as const };
  let hearsCall: Parameters<AgentSpec["onModelCall"]>[0] = () => undefined;
  const gateway = openGateway({
    runId,
    listen: listen("gateway"),
    token: "run-token",
    upstream: { baseUrl: model.url, apiKey: API_KEY },
    models: ["big", "small"],
    now: Date.now,
    admit,
    onUsage: (record) => {
      usage.push(record);
      hearsCall({ usage: record, costUsd: record.costUsd ?? 0 });
    },
    onFailure: (failure) => failures.push(failure),
  });
  const tools = openToolServer({
    runId,
    listen: listen("mcp"),
    secret: "run-secret",
    role,
    call: (tool, args) => {
      toolCalls.push({ tool, args });
      return Promise.resolve({ ok: true, next: "Recorded. End your turn." });
    },
    onBug: (error) => {
      throw error;
    },
  });
  const spec: AgentSpec = {
    runId,
    role,
    program,
    prompt: rolePrompt(role),
    model: "big",
    smallModel: "small",
    cwd: dirs.tree,
    home: dirs.home,
    tmp: dirs.tmp,
    socketDir: dirs.sockets,
    readOnly: [],
    readWrite: [dirs.tree],
    hide: [world.dataDir],
    gateway: {
      reachable: { name: "gateway", address: gateway.address, insidePort: 7001 },
      token: "run-token",
    },
    tools: {
      reachable: { name: "mcp", address: tools.address, insidePort: 7002 },
      secret: "run-secret",
      listed: tools.listed,
    },
    servers: [],
    egress: null,
    onModelCall: (listener) => (hearsCall = listener),
  };
  const password = "run-password";
  const driver = createAgent({ ...spec, ...options.spec?.(spec) }, world, {
    ...{ password, startTimeoutMs },
    ...(options.deaf === undefined ? {} : { deaf: options.deaf }),
  });
  const watch = watchEvents(driver);
  return {
    ...watch,
    driver,
    world,
    dirs,
    usage,
    failures,
    calls,
    toolCalls,
    password,
    modelCalls: () => calls.length,
    crash: () => crashAgent(program, world.owner, runId),
    async [Symbol.asyncDispose]() {
      await driver.stop({ graceMs: 3_000 });
      await Promise.all([gateway.close(), tools.close(), model.stop()]);
      await world[Symbol.asyncDispose]();
    },
  };
}

function watchEvents(driver: AgentDriver): Pick<ContractStage, "events" | "awaitEvent"> {
  const events: AgentEvent[] = [];
  const waiting: { fits: (event: AgentEvent) => boolean; resolve: (event: AgentEvent) => void }[] =
    [];
  driver.onEvent((event) => {
    events.push(event);
    for (const { fits, resolve } of waiting) if (fits(event)) resolve(event);
  });
  return {
    events,
    awaitEvent(fits) {
      const before = events.find(fits);
      if (before !== undefined) return Promise.resolve(before);
      return new Promise((resolve) => waiting.push({ fits, resolve }));
    },
  };
}

function script(role: Role, turns: readonly ContractTurn[]) {
  const played = turns.map(({ text, tool, silent, promptTokens }) => ({
    ...(promptTokens === undefined ? {} : { usage: { promptTokens } }),
    ...(text === undefined ? {} : { text }),
    ...(tool === undefined
      ? {}
      : {
          tools: [tool],
        }),
    ...(silent === true ? { text: "never said", fault: { kind: "silence" } } : {}),
  }));
  return scriptSchema.parse({
    name: "stage",
    entries: [{ role, turns: played.length === 0 ? [{ text: "Nothing." }] : played }],
  });
}
