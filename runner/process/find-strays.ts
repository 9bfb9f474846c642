/**
 * Finds and ends marked processes that outlived whoever started them.
 * Linux only (/proc): elsewhere a small parent that notices the closed pipe is the only net, and the list is empty.
 */
import { readdir, readFile } from "node:fs/promises";
import { MARK_VARIABLE, parseMark } from "./mark.ts";

export type Stray = { pid: number; subject: string };

const POLL_MS = 20;

/** Processes with a mark of `owner`, this one excepted; with `subject`, of that run only. */
export async function findStrays(owner: string, subject?: string): Promise<Stray[]> {
  const found: Stray[] = [];
  for (const pid of await listPids()) {
    if (pid === process.pid) continue;
    const mark = await readMark(pid);
    if (mark === null || mark.owner !== owner) continue;
    if (subject === undefined || mark.subject === subject) found.push({ pid, subject: mark.subject });
  }
  return found;
}

/** Asks the strays to end, waits `graceMs`, kills what is left, and answers what it ended. */
export async function stopStrays(owner: string, graceMs: number, subject?: string): Promise<Stray[]> {
  const ended = await findStrays(owner, subject);
  signalAll(ended, "SIGTERM");
  const deadlineNs = Bun.nanoseconds() + graceMs * 1e6;
  let left = ended;
  while (left.length > 0 && Bun.nanoseconds() < deadlineNs) {
    await Bun.sleep(POLL_MS);
    left = await findStrays(owner, subject);
  }
  while (left.length > 0) {
    signalAll(left, "SIGKILL");
    await Bun.sleep(POLL_MS);
    left = await findStrays(owner, subject);
  }
  return ended;
}

async function listPids(): Promise<number[]> {
  if (process.platform !== "linux") return [];
  return (await readdir("/proc")).map(Number).filter((pid) => Number.isInteger(pid) && pid > 0);
}

async function readMark(pid: number): Promise<ReturnType<typeof parseMark>> {
  try {
    const variables = (await readFile(`/proc/${pid}/environ`, "latin1")).split("\0");
    const entry = variables.find((variable) => variable.startsWith(`${MARK_VARIABLE}=`));
    return entry === undefined ? null : parseMark(entry.slice(MARK_VARIABLE.length + 1));
  } catch (error) {
    if (isGoneOrForeign(error)) return null;
    throw error;
  }
}

/** A process that ended while we looked, or that belongs to another user, is none of ours. */
function isGoneOrForeign(error: unknown): boolean {
  return error instanceof Error && "code" in error && ["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(String(error.code));
}

function signalAll(strays: readonly Stray[], signal: "SIGTERM" | "SIGKILL"): void {
  for (const { pid } of strays) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (!isGoneOrForeign(error)) throw error;
    }
  }
}
