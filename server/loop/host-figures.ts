/** When what a runner tells of its host is worth a change that everybody is told of. Pure. */
import type { HostFigures } from "../../protocol/index.ts";

const LOAD_STEP = 0.5;
const MEMORY_STEP_BYTES = 256 * 1024 ** 2;
const DISK_STEP_BYTES = 1024 ** 3;

/** What it refuses is told at once; figures that people look at, when they have moved. */
export function isNews(before: HostFigures | null, now: HostFigures): boolean {
  if (before === null) return true;
  if (before.refuses?.what !== now.refuses?.what) return true;
  if (before.agentSlots !== now.agentSlots) return true;
  return (
    Math.abs(before.load1 - now.load1) >= Math.max(LOAD_STEP, before.load1 / 4) ||
    Math.abs(before.memoryFreeBytes - now.memoryFreeBytes) >= MEMORY_STEP_BYTES ||
    Math.abs(before.diskFreeBytes - now.diskFreeBytes) >= DISK_STEP_BYTES ||
    before.cores !== now.cores ||
    before.memoryBytes !== now.memoryBytes
  );
}
