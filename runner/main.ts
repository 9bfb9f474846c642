/** Composition root of the runner: one data directory, one town, everything made here and nowhere else. */
import { join } from "node:path";
import { refuse } from "../protocol/error.ts";
import { systemClock, systemRandom, type Clock, type Random } from "./clock.ts";
import { PREDECESSOR_MS_MAX } from "./config.ts";
import { furnish } from "./furnish.ts";
import { claimRoot } from "./git/paths.ts";
import { createLog, type Log } from "./log.ts";
import { keepRunning, type Runner } from "./running.ts";
import { Runs } from "./runs/runs.ts";
import type { TownRequests } from "./runs/workplace.ts";
import { Lease } from "./session/lease.ts";
import { TownSession } from "./session/town-session.ts";
import { socketTransport } from "./session/town-socket.ts";
import { GateCache } from "./spool/gate-cache.ts";
import { Identity } from "./spool/identity.ts";
import { Journals } from "./spool/journals.ts";
import { awaitDirectory } from "./spool/lock.ts";
import { fileDisk } from "./spool/disk.ts";
import { openSpoolDatabase } from "./spool/open.ts";
import { RunBook } from "./spool/run-book.ts";
import { Spool } from "./spool/spool.ts";

export type { Runner } from "./running.ts";

export interface RunnerOptions {
  townUrl: string;
  token: string;
  /** The runner works in `<dataDir>/runner`. */
  dataDir: string;
  slots: number;
  name: string;
  /** Of this program. */
  version: string;
  /** Started by the town on its own host. */
  local: boolean;
  clock?: Clock;
  random?: Random;
  log?: Log;
  /** Path of kilo's program; by default it is looked for. */
  kilo?: string | null;
}

/** Starts a runner. What stands in its way is told by `stopped` and `failure`. */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const { clock = systemClock, random = systemRandom } = options;
  const write = (line: string) => void process.stderr.write(line);
  const log = options.log ?? createLog({ level: "info", now: () => clock.now(), write });
  const claimed = await claimRoot(join(options.dataDir, "runner"));
  if (!claimed.ok) return failed(log, `${claimed.error.message} ${claimed.error.next}`);
  const root = claimed.root;
  const waitMs = options.local ? PREDECESSOR_MS_MAX : 0;
  const lock = await awaitDirectory(join(root.path, "lock"), { waitMs, clock });
  if (!lock.ok) return failed(log, lock.error.message);
  const opened = openSpoolDatabase(fileDisk(join(root.path, "spool.db")), random);
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
  let session: TownSession | null = null;
  const early = refuse("offline", "The runner is starting. Try again.", { retryable: true });
  const town: TownRequests = {
    tool: async (call) => (session === null ? early : session.tool(call)),
    credential: async (want) => (session === null ? early : session.credential(want)),
  };
  const place = await furnish(base, { dataDir: options.dataDir, kilo: options.kilo ?? null }, town);
  const runs = new Runs(place, { slots: options.slots });
  runs.recover();
  const { mode, isolationReason } = place;
  session = new TownSession({
    ...{ spool, book, identity, lease, runs, clock, random, log },
    transport: socketTransport({
      townUrl: options.townUrl,
      token: options.token,
      client: `gastown-runner/${options.version}`,
    }),
    facts: {
      appVersion: options.version,
      name: options.name,
      local: options.local,
      isolation: mode,
      isolationReason,
      slots: options.slots,
    },
  });
  const release = () => {
    place.sockets.closeAll();
    spool.close();
    lock.value.release();
  };
  return keepRunning({ session, runs, log, release });
}

function failed(log: Log, why: string): Runner {
  // Whoever started it tells the person; the log keeps it.
  log.info("the runner cannot start", { why });
  return { stopped: Promise.resolve(1), failure: () => why, stop: () => Promise.resolve() };
}
