/** What this host has left, as the runner tells its town. */
import { readFileSync, statfsSync } from "node:fs";
import { availableParallelism, freemem, loadavg, totalmem } from "node:os";
import type { HostFigures } from "../../protocol/run.ts";
import type { AgentScales } from "./agent-sizes.ts";
import { agentSlots, refusalOf, type Refusal } from "./resource-gate.ts";

/** Measures the host at each call; the gate remembers what it said. */
export type HostGauge = () => HostFigures;

/** @param dir on the disk that repositories and trees are on */
export function hostGauge(dir: string, scales: Pick<AgentScales, "sizes">): HostGauge {
  let before: Refusal | null = null;
  let slots: number | null = null;
  return () => {
    const { agentBytes, ...agents } = scales.sizes();
    const disk = statfsSync(dir);
    const measured = {
      cores: availableParallelism(),
      load1: Math.round((loadavg()[0] ?? 0) * 100) / 100,
      memoryBytes: totalmem(),
      memoryFreeBytes: memoryFree(),
      diskFreeBytes: disk.bavail * disk.bsize,
      agentBytes,
    };
    before = refusalOf(measured, before);
    slots = agentSlots(measured, agents, slots);
    return { ...measured, agentSlots: slots, refuses: before };
  };
}

/** What can be had without swapping; elsewhere than on Linux what is plainly free. */
function memoryFree(): number {
  if (process.platform !== "linux") return freemem();
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
  return kilobytes === undefined ? freemem() : Number(kilobytes) * 1024;
}
