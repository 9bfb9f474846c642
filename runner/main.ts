/** Composition root of the runner on a host: one data directory, one town. */
import { join } from "node:path";
import { systemClock, systemRandom, type Clock, type Random } from "./clock.ts";
import { PREDECESSOR_MS_MAX } from "./config.ts";
import { furnish } from "./furnish.ts";
import { claimRoot } from "./git/paths.ts";
import type { HostGauge } from "./host/host-gauge.ts";
import { createLog, type Log } from "./log.ts";
import { openRunner } from "./open-runner.ts";
import type { Runner } from "./running.ts";
import { memberFile } from "./membership/member-file.ts";
import { Membership } from "./membership/membership.ts";
import { socketTransport } from "./session/town-socket.ts";
import { fileDisk } from "./spool/disk.ts";
import type { Halt } from "./spool/halting-database.ts";
import { awaitDirectory } from "./spool/lock.ts";

export type { Runner } from "./running.ts";

export interface RunnerOptions {
  townUrl: string;
  /** For the first connection; null when this data directory has joined before. */
  token: string | null;
  /** The runner works in `<dataDir>/runner`. */
  dataDir: string;
  slots: number;
  name: string;
  /** Of this program. */
  version: string;
  /** Started by the town on its own host. */
  local: boolean;
  /** What this host has left; by default it is measured. */
  host?: HostGauge;
  clock?: Clock;
  random?: Random;
  log?: Log;
  /** Path of kilo's program; by default it is looked for. */
  kilo?: string | null;
  /** Ends this process when the disk fails; by default with code 1, after a line in the log. */
  halt?: Halt;
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
  const membership = Membership.open(memberFile(join(root.path, "member.json")));
  if (!membership.ok) {
    lock.value.release();
    return failed(log, membership.error.message);
  }
  const { dataDir, kilo = null, slots } = options;
  const place = await furnish({ root, dataDir, kilo, slots, clock, random, log });
  const transport = socketTransport({
    townUrl: options.townUrl,
    token: options.token,
    membership: membership.value,
    client: `gastown-runner/${options.version}`,
  });
  const disk = fileDisk(join(root.path, "spool.db"));
  const close = async () => {
    await place.close();
    lock.value.release();
  };
  const opened = await openRunner(
    {
      ...place,
      ...(options.host && { host: options.host }),
      townUrl: options.townUrl,
      disk,
      transport,
      halt: options.halt ?? halting(log),
      close,
    },
    {
      appVersion: options.version,
      name: options.name,
      local: options.local,
      programs: [...place.programs],
      lfs: place.lfs,
      isolation: place.isolation,
      isolationReason: place.isolationReason,
      slots: options.slots,
    },
  );
  if (opened.ok) return opened.value;
  await close();
  return failed(log, opened.error.message);
}

function halting(log: Log): Halt {
  return (why) => {
    log.error(why, {});
    process.exit(1);
  };
}

function failed(log: Log, why: string): Runner {
  // Whoever started it tells the person; the log keeps it.
  log.info("the runner cannot start", { why });
  return { stopped: Promise.resolve(1), failure: () => why, stop: () => Promise.resolve() };
}
