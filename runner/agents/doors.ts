/** The doors of an agent's run: its model gateway, its tools, and what its rig lets it reach. What stands behind them is the run's. */
import type { EgressOptions } from "../egress/proxy.ts";
import type { Reachable } from "../sandbox/sandbox-spec.ts";
import type { GatewayOptions } from "./gateway.ts";
import type { ToolServerOptions } from "./mcp.ts";

export interface AgentBehind {
  runId: string;
  gateway: Omit<GatewayOptions, "runId" | "listen" | "token">;
  tools: Omit<ToolServerOptions, "runId" | "listen" | "secret">;
  /** What the agent may reach beyond them; null: nothing. */
  egress: Pick<EgressOptions, "reach" | "onRefused"> | null;
}

export interface AgentDoors {
  /** An empty directory of this run only, for the agent's own socket. */
  readonly socketDir: string;
  readonly gateway: { reachable: Reachable; token: string };
  readonly tools: { reachable: Reachable; secret: string; listed: Promise<void> };
  /** Null where there is no way out, or nothing that keeps the agent in. */
  readonly egress: { opened: Promise<Reachable> } | null;
  /** From now on the tools answer nothing. */
  revoke(): void;
  close(): Promise<void>;
}

export type OpenDoors = (behind: AgentBehind) => AgentDoors;
