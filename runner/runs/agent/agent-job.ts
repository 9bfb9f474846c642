/** What an agent gets of one run: its role, its places, and who answers its tools. */
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import type { ToolAnswer } from "../../agents/mcp.ts";
import type { WarmAgent } from "../warm/warm-agent.ts";
import type { AgentPlaces } from "./agent-spec.ts";

export type AgentRunSpec = RunSpecOf<"work" | "review" | "session" | "triage">;

export interface AgentJob extends AgentPlaces {
  /** An agent that was up before its run was known, in the same places. */
  warm?: WarmAgent;
  /** Answers a tool of the town. May throw only for bugs. */
  call(tool: string, args: Record<string, unknown>): Promise<ToolAnswer>;
}
