import type { Context, Rule } from "../../context.ts";
import { policyOf } from "../../policy-of.ts";
import type { AgentView } from "../../snapshot.ts";

/** When an idle agent is let go, or null while somebody wishes for it or writes to it. */
export function retiresAt(agent: AgentView, { s }: Context): number | null {
  if (agent.isWanted) return null;
  return agent.idleSince + policyOf(s, agent.rigId).agentIdleMs;
}

/** Nobody needed the agent for a long time: it retires. Its runs, its history and its name stay. */
export const retireIdle: Rule<AgentView> = {
  id: "agent/retire",
  why: "nobody needed the agent for a long time",
  decide(agent) {
    return {
      rule: this.id,
      key: agent.id,
      expect: [{ table: "agent", id: agent.id, state: "idle" }],
      actions: [{ do: "retire_agent", agentId: agent.id, text: "nobody needed it any more" }],
    };
  },
};
