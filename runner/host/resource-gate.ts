/** When a host takes no more work, whatever slots are free. Source: runs.md, Supervision (C21). */
import type { HostFigures } from "../../protocol/run.ts";

type Measured = Omit<HostFigures, "refuses" | "agentSlots">;
export type Refusal = NonNullable<HostFigures["refuses"]>;

const GIB = 1024 ** 3;
/** An agent's peak in its first turn, until some were measured here. Source: facts of the agent (870 to 910 MB). */
export const AGENT_MEMORY_BYTES = 900 * 1024 ** 2;
/** Room for a repository's copy, a spool and their growth until somebody looks. */
export const DISK_FREE_BYTES_MIN = GIB;
/** Processes that want a core, for each that there is, in the last minute. */
export const LOAD_PER_CORE_MAX = 8;
/** What was short must be well again before it counts as enough: a gate that swings helps nobody. */
const RECOVERED = 1.25;

/** What the host takes no more of, and why; null: it takes everything. `before`: what it refused when it was last asked. */
export function refusalOf(host: Measured, before: Refusal | null): Refusal | null {
  const more = (what: Refusal["what"]) => (before?.what === what ? RECOVERED : 1);
  if (host.diskFreeBytes < DISK_FREE_BYTES_MIN * more("everything"))
    return {
      what: "everything",
      why: `${size(host.diskFreeBytes)} of disk are free, it keeps ${size(DISK_FREE_BYTES_MIN)}`,
    };
  // What agents took here may have been a build's: one alone is always tried again.
  const agentBytes = Math.min(host.agentBytes ?? AGENT_MEMORY_BYTES, AGENT_MEMORY_BYTES);
  if (host.memoryFreeBytes < agentBytes * more("agents"))
    return {
      what: "agents",
      why: `${size(host.memoryFreeBytes)} of memory are free, an agent needs ${size(agentBytes)}`,
    };
  if (host.load1 > (LOAD_PER_CORE_MAX * host.cores) / more("agents"))
    return {
      what: "agents",
      why: `its load is ${host.load1.toFixed(1)} on ${host.cores} cores`,
    };
  return null;
}

/**
 * How many agents the host's memory bears, those at work included: what they may still grow by is theirs. One at least,
 * where the gate takes any. `before`: what it was when it was last asked; it rises by one only when a quarter of an agent
 * more is free.
 */
export function agentSlots(
  { memoryFreeBytes, agentBytes }: { memoryFreeBytes: number; agentBytes: number },
  { count, growthBytes }: { count: number; growthBytes: number },
  before: number | null,
): number {
  const freeBytes = Math.max(0, memoryFreeBytes - growthBytes);
  const most = count + Math.floor(freeBytes / agentBytes);
  const surely = count + Math.floor(Math.max(0, freeBytes - agentBytes / 4) / agentBytes);
  return Math.max(1, before === null ? most : Math.min(most, Math.max(before, surely)));
}

function size(bytes: number): string {
  return bytes < GIB ? `${Math.round(bytes / 1024 ** 2)} MB` : `${(bytes / GIB).toFixed(1)} GB`;
}
