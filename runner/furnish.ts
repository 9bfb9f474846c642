/** The runner's ports on this host: isolation, sandbox, git, sockets, agents. */
import { homedir, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { AcpDriver } from "./agents/acp/acp-driver.ts";
import type { AgentDriver, AgentSpec } from "./agents/driver.ts";
import { ACP_PROGRAMS, findProgram, findPrograms } from "./agents/find-programs.ts";
import { KiloDriver } from "./agents/kilo/kilo-driver.ts";
import { loopbackDoors } from "./agents/loopback-doors.ts";
import type { FoundProgram, ProgramSearch } from "./agents/agent-program.ts";
import { SocketDirs } from "./agents/socket-dirs.ts";
import { randomHex, type Clock, type Random } from "./clock.ts";
import { AGENT_NETWORK_RETRY_MS, AGENT_START_TIMEOUT_MS, STOP_GRACE_MS } from "./config.ts";
import type { AskAccess } from "./git/access/access.ts";
import { gitNetworkTimeoutMs, openGit } from "./git/git.ts";
import { sweepTrash, type OwnedRoot } from "./git/paths.ts";
import { removeStaleLocks } from "./host/stale-locks.ts";
import { AgentScales } from "./host/agent-sizes.ts";
import { hostGauge } from "./host/host-gauge.ts";
import { PortBlocks } from "./host/port-blocks.ts";
import type { Log } from "./log.ts";
import type { RunnerPorts } from "./open-runner.ts";
import { programRoot } from "./program-root.ts";
import { sandboxPty } from "./pty/pty.ts";
import { Screens } from "./pty/screens.ts";
import { stopStrays } from "./process/find-strays.ts";
import { isFreePort } from "./process/free-port.ts";
import { markOwner } from "./process/mark.ts";
import { execInSandbox, execOnHost } from "./sandbox/exec-ports.ts";
import { openIsolation } from "./sandbox/isolation.ts";
import { sandboxCommands } from "./sandbox/rig-commands.ts";
import { Sandbox } from "./sandbox/sandbox.ts";
import { shareProgram } from "./sandbox/users/share-program.ts";
import { isPublic } from "./sandbox/users/suits.ts";
import { gitWorks } from "./works/git-works.ts";
import { RepositoryKeys } from "./works/repository-keys.ts";
import { oneFetchAtATime } from "./works/rig-desk.ts";

/** Where strays are not found, a dead runner's git may be at work for as long as it is let. */
const LOCK_AGE_MS = process.platform === "linux" ? 0 : gitNetworkTimeoutMs;

interface Host {
  root: OwnedRoot;
  /** No agent may see it. */
  dataDir: string;
  /** Path of kilo's program; null: it is looked for. */
  kilo: string | null;
  /** Agents at once. */
  slots: number;
  clock: Clock;
  random: Random;
  log: Log;
}

export type Furniture = Omit<RunnerPorts, "disk" | "transport" | "halt" | "townUrl"> & {
  /** What is worse than with bubblewrap, and why; null with it. */
  isolationReason: string | null;
  /** git-lfs is installed. */
  lfs: boolean;
};

/** Ends what a dead runner left, and makes the tools of the runs. */
export async function furnish(host: Host): Promise<Furniture> {
  const { root, clock, random, log } = host;
  const owner = markOwner(root.path);
  await stopStrays({ owner }, STOP_GRACE_MS);
  await sweepTrash(root);
  for (const path of await removeStaleLocks(root, { nowMs: clock.now(), olderThanMs: LOCK_AGE_MS }))
    log.warn("a lock of a git that was killed was removed", { path });
  const toolboxDir = join(root.path, "toolbox");
  const { isolation, toolbox, stuck, close } = await openIsolation({
    ...{ owner, root: root.path, dataDir: host.dataDir, home: homedir(), slots: host.slots },
    toolbox: {
      dir: toolboxDir,
      runtime: process.execPath,
      compiled: !basename(process.execPath).startsWith("bun"),
    },
    warn: (text) => log.warn(text, {}),
  });
  if (stuck.length > 0)
    log.warn("processes of these users cannot be ended", { users: stuck.join(" ") });
  const hostPath = process.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin";
  const sandbox = new Sandbox({ isolation, toolbox, hostPath });
  const hide = [host.dataDir];
  const keys = new RepositoryKeys();
  const askAccess: AskAccess = (access, url) => keys.ask(access, url);
  const git = oneFetchAtATime(await hostGit(root, owner, { path: hostPath, askAccess }));
  const sandboxedExec = (runId: string) => execInSandbox({ sandbox, owner, runId, hide });
  const found = findPrograms(searchOf(host, hostPath)).flatMap(({ program, at }) =>
    at.ok && isWithinReach(sandbox, at.value) ? [program] : [],
  );
  const screens = new Screens(log);
  const scales = new AgentScales(clock);
  const sockets = new SocketDirs({ tmpDir: tmpdir(), owner, random });
  return {
    ...{ clock, random, log, hide, keys },
    isolation: isolation.mode,
    host: hostGauge(root.path, scales),
    ports: new PortBlocks(isFreePort, random.unit()),
    // Without one nothing is missing.
    isolationReason: sandbox.closesNetwork ? null : isolation.reason,
    works: gitWorks({ git, root, sandboxedExec, personHome: homedir() }),
    commands: sandboxCommands({ sandbox, owner, hide, sockets }),
    openDoors: loopbackDoors({ sockets, sandbox, random }),
    programs: found,
    lfs: (await git.run({ args: ["lfs", "version"] })).ok,
    createDriver: (spec) => {
      const driver = createDriver(host, { sandbox, owner, hostPath, toolboxDir }, spec);
      if (!("missing" in driver)) scales.watch(driver, spec.role !== "mayor");
      return driver;
    },
    stopStrays: async (runId) => void (await stopStrays({ owner, subject: runId }, STOP_GRACE_MS)),
    openPty: sandboxPty({ sandbox, owner, hide }),
    openScreen: (size, answered) => screens.open(size, answered),
    close: () => {
      screens.closeAll();
      sockets.closeAll();
      return close();
    },
  };
}

/** Looked for anew with each agent: one that was moved or replaced meanwhile is found. */
function createDriver(
  host: Host,
  parts: { sandbox: Sandbox; owner: string; hostPath: string; toolboxDir: string },
  spec: AgentSpec,
): AgentDriver | { missing: string } {
  const { clock, random, log } = host;
  const { sandbox, owner, hostPath } = parts;
  const found = findProgram(spec.program, searchOf(host, hostPath));
  if (!found.ok) return { missing: found.error.message };
  const { path, modules } = found.value;
  if (!isWithinReach(sandbox, found.value))
    return { missing: `${path} lies where agents' users cannot read. Install it elsewhere.` };
  const place =
    sandbox.mode === "user" && modules === null ? shareProgram(path, parts.toolboxDir) : path;
  const common = {
    sandbox,
    owner,
    startTimeoutMs: AGENT_START_TIMEOUT_MS,
    now: () => clock.now(),
  };
  if (spec.program === "kilo")
    return new KiloDriver(spec, {
      ...{ ...common, log, binary: place },
      password: randomHex(random, 24),
      networkRetryMs: AGENT_NETWORK_RETRY_MS,
      random: () => random.unit(),
    });
  const program = ACP_PROGRAMS[spec.program];
  return new AcpDriver(spec, { ...common, program, found: { path: place, modules } });
}

/** A program of one file is put where agents' users can read it; a tree of modules is not copied. */
function isWithinReach({ mode }: Sandbox, { path, modules }: FoundProgram): boolean {
  return mode !== "user" || modules === null || isPublic(path);
}

function searchOf({ root, kilo }: Host, path: string): ProgramSearch {
  const checkout = programRoot();
  const roots = checkout === null ? [] : [checkout];
  return { setting: kilo, path, roots, installDir: join(root.path, "agents") };
}

async function hostGit(
  root: OwnedRoot,
  owner: string,
  parts: { path: string; askAccess: AskAccess },
) {
  const agentSocket = process.env["SSH_AUTH_SOCK"];
  return openGit({
    exec: execOnHost({ owner, subject: "git" }),
    home: join(root.path, "git-home"),
    ...parts,
    ...(agentSocket === undefined ? {} : { agentSocket }),
  });
}
