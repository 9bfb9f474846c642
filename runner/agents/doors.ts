/** The two doors of an agent's run: its model gateway and its tools. What stands behind them is the run's. */
import type { Reachable } from "../sandbox/sandbox-spec.ts";
import type { GatewayOptions } from "./gateway.ts";
import type { ToolServerOptions } from "./mcp.ts";

export interface AgentBehind {
  runId: string;
  gateway: Omit<GatewayOptions, "runId" | "listen" | "token">;
  tools: Omit<ToolServerOptions, "runId" | "listen" | "secret">;
}

export interface AgentDoors {
  /** An empty directory of this run only, for the agent's own socket. */
  readonly socketDir: string;
  readonly gateway: { reachable: Reachable; token: string };
  readonly tools: { reachable: Reachable; secret: string; listed: Promise<void> };
  /** From now on the tools answer nothing. */
  revoke(): void;
  close(): Promise<void>;
}

export type OpenDoors = (behind: AgentBehind) => AgentDoors;
