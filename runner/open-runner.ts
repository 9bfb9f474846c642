/** Puts a runner together from its ports: the same one on a host and in a simulation. */
import { refuse, type Result } from "../protocol/error.ts";
import type { Log } from "./log.ts";
import type { OpenPty } from "./pty/pty.ts";
import type { OpenScreen } from "./pty/screens.ts";
import { TerminalDesk } from "./pty/terminal-desk.ts";
import { keepRunning, type Runner } from "./running.ts";
import { Runs } from "./runs/runs.ts";
import { SaveDesk } from "./runs/saves/save-desk.ts";
import { WarmPool } from "./runs/warm/warm-pool.ts";
import type { TownRequests, Workplace } from "./runs/workplace.ts";
import { Lease } from "./session/lease.ts";
import { TownSession, type RunnerFacts } from "./session/town-session.ts";
import type { Transport } from "./session/transport.ts";
import type { Disk } from "./spool/disk.ts";
import { haltingDatabase, type Halt } from "./spool/halting-database.ts";
import { GateCache } from "./spool/gate-cache.ts";
import { Identity } from "./spool/identity.ts";
import { Journals } from "./spool/journals.ts";
import { openSpoolDatabase } from "./spool/open.ts";
import { RunBook } from "./spool/run-book.ts";
import { SaveBook } from "./spool/save-book.ts";
import { Spool } from "./spool/spool.ts";
import type { AskTown } from "./works/repository-keys.ts";
import { RigDesk } from "./works/rig-desk.ts";

/** Everything of a runner that touches the world. */
export type RunnerPorts = Pick<
  Workplace,
  | "works"
  | "commands"
  | "openDoors"
  | "programs"
  | "createDriver"
  | "stopStrays"
  | "hide"
  | "isolation"
  | "host"
  | "townUrl"
  | "ports"
  | "clock"
  | "random"
  | "log"
> & {
  /** Whose git asks for the credentials of rigs. */
  keys: { join(ask: AskTown): void };
  openPty: OpenPty;
  openScreen: OpenScreen;
  disk: Disk;
  transport: Transport;
  halt: Halt;
  /** Frees what the other ports hold on their host; called once, when the runner has ended. */
  close: () => Promise<void>;
};

/** Settles what an earlier incarnation left, connects, and stays connected. Error: `unsupported` data. */
export async function openRunner(ports: RunnerPorts, facts: RunnerFacts): Promise<Result<Runner>> {
  const { disk, transport, halt, close, keys, openPty, openScreen, ...world } = ports;
  const { clock, random, log, works } = world;
  const opened = openSpoolDatabase({ open: () => haltingDatabase(disk.open(), halt) }, random);
  if (!opened.ok) return opened;
  const db = opened.value;
  const identity = new Identity(db);
  const spool = new Spool(db, { clock });
  const kept = { spool, book: new RunBook(db), lease: new Lease(clock) };
  const town = earlyTown();
  keys.join(town.requests.repository);
  const rigs = new RigDesk(works.rigs);
  const saves = new SaveDesk({ ...world, ...kept, rigs, saves: new SaveBook(db) });
  const terminals = new TerminalDesk({ clock, log, host: world.host, openPty, openScreen });
  const place: Workplace = {
    ...world,
    ...kept,
    ...{ rigs, saves, terminals },
    warm: new WarmPool({ ...world, rigs }),
    journals: new Journals(db),
    gateCache: new GateCache(db),
    town: town.requests,
  };
  await sweepScratch(place);
  const runs = new Runs(place, { slots: facts.slots });
  runs.recover();
  saves.start();
  const session = new TownSession({
    ...kept,
    transport,
    facts,
    identity,
    runs,
    terminals,
    host: world.host,
    clock,
    random,
    log,
  });
  town.open(session);
  terminals.join((news) => session.terminal(news));
  const release = async () => {
    saves.close();
    spool.close();
    await close();
  };
  return { ok: true, value: keepRunning({ session, runs, log, release }) };
}

/** Runs that are settled may ask the town before there is a session to ask it through. */
function earlyTown(): { requests: TownRequests; open(session: TownRequests): void } {
  const early = refuse("offline", "The runner is starting. Try again.", { retryable: true });
  let session: TownRequests | null = null;
  return {
    requests: {
      tool: async (call) => (session === null ? early : session.tool(call)),
      credential: async (want) => (session === null ? early : session.credential(want)),
      secrets: async (want) => (session === null ? early : session.secrets(want)),
      repository: async (want) => (session === null ? early : session.repository(want)),
      putSnapshot: async (piece) => (session === null ? early : session.putSnapshot(piece)),
      keepSnapshot: async (wish) => (session === null ? early : session.keepSnapshot(wish)),
      getSnapshot: async (wish) => (session === null ? early : session.getSnapshot(wish)),
    },
    open: (opened) => (session = opened),
  };
}

/** Scratch trees of an earlier incarnation hold no work, and nor do trees that waited for some. */
async function sweepScratch({ works, log }: { works: Workplace["works"]; log: Log }) {
  for (const left of await works.scratch.sweep()) log.warn("a scratch tree was left behind", left);
}
