// The processes of one town on this host: its runner, its agents' servers, and what is left of it.
import { readdir, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { findStrays } from "../../runner/process/find-strays.ts";
import { markOwner } from "../../runner/process/mark.ts";
import { eventually } from "./eventually.ts";

export interface HostProcess {
  pid: number;
  argv: string[];
}

/** Sends SIGKILL and waits until the process runs no more. */
export async function kill(pid: number): Promise<void> {
  process.kill(pid, "SIGKILL");
  await eventually(`process ${pid} has ended`, async () => !(await isRunning(pid)) || undefined);
}

/** Sends SIGSTOP and waits until every thread stands still. */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await eventually(
    `process ${pid} stands still`,
    async () => (await stateOf(pid)) === "T" || undefined,
  );
}

export function thaw(pid: number): void {
  process.kill(pid, "SIGCONT");
}

/** Stops a runner and all it has started, as sleep does to a host. @returns what lets them go on */
export async function freezeHost(runner: { pid: number; dataDir: string }): Promise<() => void> {
  await freeze(runner.pid);
  const started = await findStrays({ owner: markOwner(join(runner.dataDir, "runner")) });
  const pids = [runner.pid, ...started.map(({ pid }) => pid)];
  for (const pid of pids) await freeze(pid);
  return () => pids.forEach(thaw);
}

/** The runner that the town on `dataDir` has started. */
export async function findRunner(dataDir: string): Promise<HostProcess> {
  return eventually("a runner of the town", async () =>
    (await listProcesses()).find(
      ({ argv }) => argv.includes("runner") && argv.includes("--local") && argv.includes(dataDir),
    ),
  );
}

/** The `kilo serve` of a run, without what is around it. */
export async function findKilo(dataDir: string, runId: string): Promise<HostProcess> {
  const owner = markOwner(join(dataDir, "runner"));
  return eventually(`a kilo serve of run ${runId}`, async () => {
    const marked = new Set((await findStrays({ owner, subject: runId })).map(({ pid }) => pid));
    return (await listProcesses()).find(
      ({ pid, argv }) =>
        marked.has(pid) && /(^|\/)kilo$/.test(argv[0] ?? "") && argv[1] === "serve",
    );
  });
}

/** What lives on of the town, its runner, and everything they started: by mark, or by the directory it was given. */
export async function remains(dataDir: string): Promise<HostProcess[]> {
  const owner = markOwner(join(dataDir, "runner"));
  const marked = new Set((await findStrays({ owner })).map(({ pid }) => pid));
  const real = await realpath(dataDir);
  return (await listProcesses()).filter(
    ({ pid, argv }) =>
      pid !== process.pid &&
      (marked.has(pid) || argv.some((argument) => argument.startsWith(real))),
  );
}

async function isRunning(pid: number): Promise<boolean> {
  const state = await stateOf(pid);
  return state !== null && state !== "Z";
}

/** The letter of /proc; null when there is no such process. */
async function stateOf(pid: number): Promise<string | null> {
  const stat = await readIfThere(`/proc/${pid}/stat`);
  return stat === null ? null : (/\) (\w)/.exec(stat)?.[1] ?? null);
}

async function listProcesses(): Promise<HostProcess[]> {
  const pids = (await readdir("/proc")).map(Number).filter((pid) => Number.isInteger(pid));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const text = await readIfThere(`/proc/${pid}/cmdline`);
      // Kernel threads and the dead have no command line.
      return text === null || text === "" ? [] : [{ pid, argv: text.split("\0").slice(0, -1) }];
    }),
  );
  return found.flat();
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ESRCH") return null;
    throw error;
  }
}
