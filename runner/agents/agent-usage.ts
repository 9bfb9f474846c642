/** What an agent has used, summed over its model calls. Pure. */
import type { AgentEvent, AgentUsage } from "./driver.ts";

export const NO_USAGE: AgentUsage = {
  calls: 0,
  inputTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  costUsd: 0,
};

export function addUsage(
  sum: AgentUsage,
  { usage, costUsd }: Omit<Extract<AgentEvent, { type: "step" }>, "type">,
): AgentUsage {
  return {
    calls: sum.calls + 1,
    inputTokens: sum.inputTokens + usage.inputTokens,
    outputTokens: sum.outputTokens + usage.outputTokens,
    reasoningTokens: sum.reasoningTokens + usage.reasoningTokens,
    cacheReadTokens: sum.cacheReadTokens + usage.cacheReadTokens,
    cacheWriteTokens: sum.cacheWriteTokens + usage.cacheWriteTokens,
    costUsd: sum.costUsd + costUsd,
  };
}
