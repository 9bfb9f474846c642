// The processes of a tortured host, by what they do.
import { readFileSync } from "node:fs";
import { findStrays } from "../../runner/process/find-strays.ts";

export interface Found {
  pid: number;
  /** A sandbox is what holds an agent, a gate or a set-up, and the shells in it. */
  what: "agent" | "git" | "sandbox";
}

/** What the runner of this owner has started and that lives. */
export async function childrenOf(owner: string): Promise<Found[]> {
  const found = await findStrays({ owner });
  return found.flatMap(({ pid }) => {
    const line = commandLine(pid);
    if (line === null) return [];
    return [{ pid, what: whatOf(line) }];
  });
}

/** False when it is gone. */
export function signal(pid: number, name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

function commandLine(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return null;
  }
}

function whatOf(line: string): Found["what"] {
  if (/^(\/opt\/(agent|kilo)\/|\S*\/(opencode|kilo) )/.test(line)) return "agent";
  return /^(\S*\/)?git[ -]/.test(line) ? "git" : "sandbox";
}
