/** What there is to know of one program that speaks the Agent Client Protocol. */
import type { SandboxMode } from "../../sandbox/sandbox-spec.ts";
import type { AgentSpec } from "../driver.ts";
import type { ProgramLayout } from "../agent-program.ts";

export interface AcpProgram {
  /** For people. */
  title: string;
  layout: ProgramLayout;
  /** After the program itself. */
  arguments: readonly string[];
  /** On top of the sandbox's own: the gateway, the role with its tools, and everything else off. */
  environment(spec: AgentSpec, mode: SandboxMode): Record<string, string>;
  /** Files that it reads when it starts, by their path in the run's home. */
  files?(spec: AgentSpec): Readonly<Record<string, string>>;
  /** What it wants to know of a session besides what the protocol has. */
  sessionMeta?(spec: AgentSpec): Readonly<Record<string, unknown>>;
}
