/** How many agents a host can bear: one holds 500 to 900 MB (design, facts of the agent) and a core at work. */
import { availableParallelism, totalmem } from "node:os";

const AGENT_BYTES = 1.5 * 1024 ** 3;
const SLOTS_MAX = 8;

export function defaultSlots(memoryBytes = totalmem(), cores = availableParallelism()): number {
  return Math.max(1, Math.min(SLOTS_MAX, cores, Math.floor(memoryBytes / AGENT_BYTES)));
}
