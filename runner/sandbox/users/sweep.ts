/** Ends and clears away everything that a user of agents has on this host outside the runner's folder. */
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { markOf } from "../../process/mark.ts";
import { run } from "../../process/process.ts";
import { becoming, type AgentUser } from "./agent-user.ts";

/** Where every user of a host may write. */
const PUBLIC = ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock"];
/** All of the user's in one call of the kernel: no fork escapes it. Then shared memory, then files and message queues, as the user itself. */
const SCRIPT =
  'kill -9 -1 2>/dev/null; ipcrm --all 2>/dev/null; test $# = 0 || exec rm -rf -- "$@"';
const SWEEP_TIMEOUT_MS = 60_000;
const ROUNDS_MAX = 50;
const ROUND_MS = 20;

/** Answers whether nothing of the user runs any more. */
export async function sweepUser(
  user: AgentUser,
  { setpriv, owner }: { setpriv: string; owner: string },
): Promise<boolean> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    await run([...becoming(setpriv, user), "/bin/sh", "-c", SCRIPT, "sh", ...leftBy(user.uid)], {
      cwd: "/",
      env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
      mark: markOf(owner, "sweep"),
      timeoutMs: SWEEP_TIMEOUT_MS,
    });
    if (!runs(user.uid)) return true;
    await Bun.sleep(ROUND_MS);
  }
  return false;
}

function leftBy(uid: number): string[] {
  return PUBLIC.flatMap((dir) => namesIn(dir).map((name) => join(dir, name))).filter(
    (path) => lstatSync(path, { throwIfNoEntry: false })?.uid === uid,
  );
}

/** Whether a process of that user is there that has not ended. */
function runs(uid: number): boolean {
  return namesIn("/proc").some((name) => {
    if (!/^\d+$/.test(name)) return false;
    const status = statusOf(name);
    const ids = /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split("\t").map(Number) ?? [];
    return ids.includes(uid) && !/^State:\s+[ZX]/m.test(status);
  });
}

/** Empty for a process that has ended meanwhile. */
function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch (error) {
    if (isGone(error)) return "";
    throw error;
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return (
    error instanceof Error && "code" in error && ["ENOENT", "ESRCH"].includes(String(error.code))
  );
}
