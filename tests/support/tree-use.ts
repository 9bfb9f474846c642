/** What a process and its descendants use, from /proc: Linux only. */
import { readdirSync, readFileSync } from "node:fs";

/** Ticks of /proc are hundredths of a second on every Linux (proc(5), USER_HZ). */
const TICK_MS = 10;

export interface ProcessUse {
  pid: number;
  parent: number;
  command: string;
  /** Its own processor time and that of children it has reaped, milliseconds. */
  cpuMs: number;
  /** Page faults of children it has reaped: rises with each, however short it lived. */
  reapedFaults: number;
  residentBytes: number;
}

/** `root` and all that came from it, now. */
export function treeUse(root: number): ProcessUse[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => useOf(Number(name)) ?? []);
  const tree = all.filter(({ pid }) => pid === root);
  for (const member of tree) tree.push(...all.filter(({ parent }) => parent === member.pid));
  return tree;
}

/** Null when the process has just ended. */
function useOf(pid: number): ProcessUse | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name may contain spaces and brackets; fields are counted from behind it (proc(5), stat).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const field = (number: number): number => Number(fields[number - 3]);
    const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return {
      pid,
      parent: field(4),
      command: stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")")),
      cpuMs: (field(14) + field(15) + field(16) + field(17)) * TICK_MS,
      reapedFaults: field(11),
      residentBytes: Number(resident?.[1] ?? 0) * 1024,
    };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return null;
    throw error;
  }
}

/** What happened in a tree between two looks. */
export interface TreeChange {
  /** Processor time of the whole tree, milliseconds. */
  cpuMs: number;
  /** Processes that are new, or that came and went in between. */
  started: string[];
}

export function treeChange(
  before: readonly ProcessUse[],
  after: readonly ProcessUse[],
): TreeChange {
  const known = new Map(before.map((use) => [use.pid, use]));
  const started: string[] = [];
  let cpuMs = 0;
  for (const use of after) {
    const earlier = known.get(use.pid);
    cpuMs += use.cpuMs - (earlier?.cpuMs ?? 0);
    if (earlier === undefined) started.push(`${use.command} (${use.pid})`);
    else if (use.reapedFaults > earlier.reapedFaults)
      started.push(`a child of ${use.command} (${use.pid}), gone again`);
  }
  return { cpuMs, started };
}
