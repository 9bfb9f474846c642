/**
 * Finds and ends marked processes that outlived whoever started them.
 * Linux only (/proc): elsewhere a small parent that notices the closed pipe is the only net, and the list is empty.
 */
import { readdir, readFile } from "node:fs/promises";
import { MARK_VARIABLE, parseMark, type Mark } from "./mark.ts";

export type Stray = { pid: number; subject: string };

const POLL_MS = 20;

/** Which marks are meant: all of an owner, of one run, or of one thing a run started. */
export type MarkFilter = { owner: string; subject?: string; part?: number };

/** Processes with such a mark, this one excepted. */
export async function findStrays(filter: MarkFilter): Promise<Stray[]> {
  const found: Stray[] = [];
  for (const pid of await listPids()) {
    if (pid === process.pid) continue;
    const mark = await readMark(pid);
    if (mark !== null && fits(mark, filter)) found.push({ pid, subject: mark.subject });
  }
  return found;
}

/** Asks the strays to end, waits `graceMs`, kills what is left, and answers what it ended. */
export async function stopStrays(filter: MarkFilter, graceMs: number): Promise<Stray[]> {
  const ended = await findStrays(filter);
  if (graceMs > 0) signalAll(ended, "SIGTERM");
  const deadlineNs = Bun.nanoseconds() + graceMs * 1e6;
  let left = ended;
  while (left.length > 0 && Bun.nanoseconds() < deadlineNs) {
    await Bun.sleep(POLL_MS);
    left = await findStrays(filter);
  }
  while (left.length > 0) {
    signalAll(left, "SIGKILL");
    await Bun.sleep(POLL_MS);
    left = await findStrays(filter);
  }
  return ended;
}

function fits(mark: Mark, { owner, subject, part }: MarkFilter): boolean {
  if (mark.owner !== owner) return false;
  return (
    (subject === undefined || mark.subject === subject) &&
    (part === undefined || mark.part === part)
  );
}

async function listPids(): Promise<number[]> {
  if (process.platform !== "linux") return [];
  return (await readdir("/proc")).map(Number).filter((pid) => Number.isInteger(pid) && pid > 0);
}

async function readMark(pid: number): Promise<Mark | null> {
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
  return (
    error instanceof Error &&
    "code" in error &&
    ["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(String(error.code))
  );
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
