// Ends a process with everything that came from it: a part that hung must not leave agents and browsers behind.
import { readdirSync, readFileSync } from "node:fs";

/** Kills `pid` and its descendants at once. They are stopped first, so that none starts another meanwhile. */
export function killTree(pid: number): void {
  const tree = [pid];
  for (const member of tree) {
    signal(member, "SIGSTOP");
    const known = new Set(tree);
    tree.push(...childrenOf(member).filter((child) => !known.has(child)));
  }
  for (const member of tree) signal(member, "SIGKILL");
}

/** Sends a signal; a process that is gone already is what was wanted. */
function signal(pid: number, name: "SIGSTOP" | "SIGKILL"): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function childrenOf(parent: number): number[] {
  return parents()
    .filter(([, of]) => of === parent)
    .map(([pid]) => pid);
}

/** Every process with its parent: from /proc on Linux, where ps is often not installed, else from ps. */
function parents(): [pid: number, parent: number][] {
  if (process.platform === "linux") {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(name)]);
  }
  const listed = Bun.spawnSync(["ps", "-axo", "pid=,ppid="]).stdout.toString();
  return listed
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .map(([pid = 0, parent = 0]) => [pid, parent]);
}

/** The parent of a process, or 0 when it is gone. The name before it may contain spaces and brackets. */
function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ESRCH") return 0;
    throw error;
  }
}
