/** What an agent gets of one run: its role, its places, and who answers its tools. */
import type { Role } from "../../../protocol/run.ts";
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import type { ToolAnswer } from "../../agents/mcp.ts";

export type AgentRunSpec = RunSpecOf<"work" | "review" | "session" | "triage">;

export interface AgentJob {
  role: Role;
  cwd: string;
  homeDir: string;
  tmpDir: string;
  readOnly: readonly string[];
  readWrite: readonly string[];
  /** The conversation that the agent begins with: see `AgentSpec`. */
  resume?: Uint8Array;
  /** Answers a tool of the town. May throw only for bugs. */
  call(tool: string, args: Record<string, unknown>): Promise<ToolAnswer>;
}
