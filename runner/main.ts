/** Composition root of the runner: one data directory, one town, everything made here and nowhere else. */
import { homedir, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { KiloDriver } from "./agents/kilo/kilo-driver.ts";
import { findKilo } from "./agents/kilo/kilo-binary.ts";
import type { AgentSpec } from "./agents/driver.ts";
import { randomHex, systemClock, systemRandom, type Clock, type Random } from "./clock.ts";
import {
  AGENT_NETWORK_RETRY_MS,
  AGENT_START_TIMEOUT_MS,
  DRAIN_FLUSH_MS,
  STOP_GRACE_MS,
} from "./config.ts";
import { openGit } from "./git/git.ts";
import { claimRoot, sweepTrash, type OwnedRoot } from "./git/paths.ts";
import { createLog, type Log } from "./log.ts";
import { stopStrays } from "./process/find-strays.ts";
import { markOwner } from "./process/mark.ts";
import { oneFetchAtATime, RigDesk } from "./runs/rig-desk.ts";
import { sweepScratch } from "./runs/recover.ts";
import { Runs } from "./runs/runs.ts";
import { SocketDirs } from "./runs/socket-dirs.ts";
import type { Workplace } from "./runs/workplace.ts";
import { execInSandbox, execOnHost } from "./sandbox/exec-ports.ts";
import { probeIsolation } from "./sandbox/probe.ts";
import { Sandbox } from "./sandbox/sandbox.ts";
import { prepareToolbox } from "./sandbox/toolbox.ts";
import { Lease } from "./session/lease.ts";
import { TownSession } from "./session/town-session.ts";
import { GateCache } from "./spool/gate-cache.ts";
import { Identity } from "./spool/identity.ts";
import { Journals } from "./spool/journals.ts";
import { lockDirectory } from "./spool/lock.ts";
import { openSpoolDatabase } from "./spool/open.ts";
import { RunBook } from "./spool/run-book.ts";
import { Spool } from "./spool/spool.ts";
import packageFile from "../package.json" with { type: "json" };

export interface RunnerOptions {
  townUrl: string;
  token: string;
  /** The runner works in `<dataDir>/runner`. */
  dataDir: string;
  slots: number;
  name: string;
  /** Started by the town on its own host. */
  local: boolean;
  clock?: Clock;
  random?: Random;
  log?: Log;
  /** Path of kilo's program; by default it is looked for. */
  kilo?: string | null;
}

export interface Runner {
  /** Exit code: 0 after `stop`, 1 when it could not go on. */
  stopped: Promise<number>;
  /** Why it could not go on, as a sentence for people; null otherwise. */
  failure(): string | null;
  /** Drains: no new offers, work saved, facts sent if the town can be reached. */
  stop(reason: string): Promise<void>;
}

/** Starts a runner. What stands in its way is told by `stopped` and `failure`. */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const { clock = systemClock, random = systemRandom } = options;
  const write = (line: string) => void process.stderr.write(line);
  const log = options.log ?? createLog({ level: "info", now: () => clock.now(), write });
  const claimed = await claimRoot(join(options.dataDir, "runner"));
  if (!claimed.ok) return failed(log, `${claimed.error.message} ${claimed.error.next}`);
  const root = claimed.root;
  const lock = lockDirectory(join(root.path, "lock"));
  if (!lock.ok) return failed(log, lock.error.message);
  const opened = openSpoolDatabase(join(root.path, "spool.db"), random);
  if (!opened.ok) {
    lock.value.release();
    return failed(log, opened.error.message);
  }
  const identity = new Identity(opened.value);
  const spool = new Spool(opened.value, { clock });
  const lease = new Lease(clock);
  const book = new RunBook(opened.value);
  const base = {
    root,
    spool,
    book,
    lease,
    clock,
    random,
    log,
    journals: new Journals(opened.value),
    gateCache: new GateCache(opened.value),
  };
  const town: { session: TownSession | null } = { session: null };
  const place = await furnish(base, options, town);
  const runs = new Runs(place, { slots: options.slots });
  runs.recover();
  const { mode, isolationReason } = place;
  const session = new TownSession({
    ...{ spool, book, identity, lease, runs, clock, random, log },
    address: {
      townUrl: options.townUrl,
      token: options.token,
      client: `gastown-runner/${packageFile.version}`,
    },
    facts: {
      appVersion: packageFile.version,
      name: options.name,
      local: options.local,
      isolation: mode,
      isolationReason,
      slots: options.slots,
    },
  });
  town.session = session;
  return live({
    session,
    runs,
    spool,
    log,
    release: () => lock.value.release(),
    sockets: place.sockets,
  });
}

type Base = Pick<
  Workplace,
  "root" | "spool" | "book" | "lease" | "clock" | "random" | "log" | "journals" | "gateCache"
>;
type Furnished = Workplace & { mode: Sandbox["mode"]; isolationReason: string | null };

/** Ends what a dead runner left, and makes the tools of the runs. */
async function furnish(
  base: Base,
  options: RunnerOptions,
  town: { session: TownSession | null },
): Promise<Furnished> {
  const { root, clock, random, log } = base;
  const owner = markOwner(root.path);
  await stopStrays({ owner }, STOP_GRACE_MS);
  await sweepTrash(root);
  const isolation = await probeIsolation(owner);
  const compiled = !basename(process.execPath).startsWith("bun");
  const toolbox = await prepareToolbox(join(root.path, "toolbox"), {
    runtime: process.execPath,
    compiled,
  });
  const hostPath = process.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin";
  const sandbox = new Sandbox({ isolation, toolbox, hostPath });
  const hide = [options.dataDir];
  const git = oneFetchAtATime(await hostGit(root, owner, hostPath));
  const place: Workplace = {
    ...base,
    ...{ owner, hide, git, sandbox },
    personHome: homedir(),
    rigs: new RigDesk(git, root),
    sockets: new SocketDirs({ tmpDir: tmpdir(), owner, random }),
    town: {
      tool: (call) => must(town.session).tool(call),
      credential: (want) => must(town.session).credential(want),
    },
    sandboxedExec: (runId) => execInSandbox({ sandbox, owner, runId, hide }),
    createDriver: (spec: AgentSpec) => {
      const binary = findKilo({
        setting: options.kilo ?? null,
        path: hostPath,
        roots: [join(import.meta.dir, "..")],
        installDir: join(root.path, "agents"),
      });
      if (!binary.ok) return { missing: binary.error.message };
      return new KiloDriver(spec, {
        ...{ sandbox, owner, log },
        binary: binary.value.path,
        password: randomHex(random, 24),
        startTimeoutMs: AGENT_START_TIMEOUT_MS,
        networkRetryMs: AGENT_NETWORK_RETRY_MS,
        now: () => clock.now(),
        random: () => random.unit(),
      });
    },
  };
  await sweepScratch(place);
  return {
    ...place,
    mode: isolation.mode,
    isolationReason: isolation.mode === "none" ? isolation.reason : null,
  };
}

async function hostGit(root: OwnedRoot, owner: string, path: string) {
  const agentSocket = process.env["SSH_AUTH_SOCK"];
  return openGit({
    exec: execOnHost({ owner, subject: "git" }),
    home: join(root.path, "git-home"),
    path,
    ...(agentSocket === undefined ? {} : { agentSocket }),
  });
}

function live(parts: {
  session: TownSession;
  runs: Runs;
  spool: Spool;
  log: Log;
  release: () => void;
  sockets: SocketDirs;
}): Runner {
  const { session, runs, spool, log } = parts;
  const { promise: stopped, resolve } = Promise.withResolvers<number>();
  let why: string | null = null;
  let stopping: Promise<void> | null = null;
  const shutDown = async (reason: string) => {
    log.info("runner stops", { reason });
    await runs.drain(reason);
    if (session.connected) await session.flushed(DRAIN_FLUSH_MS);
    session.close();
    await ran;
    parts.sockets.closeAll();
    spool.close();
    parts.release();
    resolve(why === null ? 0 : 1);
  };
  const stop = (reason: string) => (stopping ??= shutDown(reason));
  const ran = session.run().then((refusal) => {
    if (refusal === null) return;
    why = refusal.message;
    log.error("the town refuses this runner", { code: refusal.code, why });
    void stop(refusal.message);
  });
  return { stopped, failure: () => why, stop };
}

function failed(log: Log, why: string): Runner {
  log.error("the runner cannot start", { why });
  return { stopped: Promise.resolve(1), failure: () => why, stop: () => Promise.resolve() };
}

function must<T>(value: T | null): T {
  if (value === null) throw new Error("the runner is not composed yet");
  return value;
}
