/** What a run needs of an agent, whichever it is. One contract suite (`driver.contract.ts`) holds for every driver. */
import type { Result } from "../../protocol/error.ts";
import type { AgentProgram } from "../../protocol/entities/agent-program.ts";
import type { Role } from "../../protocol/run.ts";
import type { ExitRecord } from "../process/exit-record.ts";
import type { PtyProgram } from "../pty/pty.ts";
import type { Reachable } from "../sandbox/sandbox-spec.ts";
import type { ModelFailureKind } from "../../protocol/model-api/model-failure.ts";
import type { TokenUsage } from "../../protocol/model-api/model-usage.ts";

/** `name` is the agent's for it: it begins the names of its tools, and no tool of the town's or of the agent's own begins so. */
export type RigServer = { name: string; line: string };

/** Everything an agent is given for one run. No key is among it: the gateway has it. */
export type AgentSpec = {
  runId: string;
  role: Role;
  program: AgentProgram;
  /** What its rig's people set for it, beside what its program is given. No secret is among it. */
  variables?: Readonly<Record<string, string>>;
  /** System prompt of the role. */
  prompt: string;
  model: string;
  smallModel: string;
  /** The work tree, as the agent sees it: its only place to work. */
  cwd: string;
  /** Directory of its own for home, configuration and conversation; writable, per run. */
  home: string;
  tmp: string;
  /** An empty directory of this run only, for the agent's own socket. Short: sun_path ends at 107 bytes. */
  socketDir: string;
  /** Further host paths: the tree (where `cwd` is), the repository it borrows from. */
  readOnly: readonly string[];
  readWrite: readonly string[];
  bindAs?: readonly { from: string; to: string; writable: boolean }[];
  /** Directories that must not be seen: the town's data. */
  hide: readonly string[];
  gateway: { reachable: Reachable; token: string };
  /** `listed` resolves when somebody with the secret has asked which tools there are. */
  tools: { reachable: Reachable; secret: string; listed: Promise<void> };
  /** MCP servers that its rig's people want beside it: lines for the shell, started inside. */
  servers: readonly RigServer[];
  /** The way out that its rig allows; null: none. `ready` before it is bound. */
  egress: { opened: Promise<Reachable> } | null;
  /**
   * What `snapshot` of an agent of the same program gave: it begins with that conversation, or its start fails, and may be
   * tried without.
   */
  resume?: Uint8Array;
  /** Hears of every model call that the gateway has counted from now on: for an agent that does not tell. One listener. */
  onModelCall(listener: (call: { usage: TokenUsage; costUsd: number }) => void): void;
};

export type TurnEnd = "completed" | "error" | "interrupted" | "superseded";

export type AgentErrorKind = ModelFailureKind | "refused" | "context_overflow";

/** What an agent does, in the town's words. Texts are cut to limits. */
export type AgentEvent =
  | { type: "turn_opened" }
  | { type: "text_delta"; partId: string; text: string }
  | { type: "text"; partId: string; text: string }
  | { type: "reasoning"; partId: string; text: string }
  | { type: "tool_start"; callId: string; tool: string; input: string }
  | {
      type: "tool_end";
      callId: string;
      tool: string;
      ok: boolean;
      output: string;
      durationMs: number;
    }
  /** One finished model call as the agent counts it; the gateway's figures are the ones that are paid. */
  | { type: "step"; usage: TokenUsage; costUsd: number }
  /** First heading of a message: what the agent says it is doing. */
  | { type: "status"; text: string }
  | { type: "retrying"; attempt: number; message: string; retryAtMs: number }
  | { type: "offline"; message: string }
  | { type: "error"; kind: AgentErrorKind; code: string; message: string; retryAfterMs?: number }
  /** The agent asked for something the role does not have; it was told no. */
  | { type: "refused"; what: string }
  | { type: "turn_closed"; reason: TurnEnd }
  /** A server of the rig's gives no tools, and why; the agent goes on without it. */
  | { type: "server_failed"; name: string; why: string }
  /** What of the model's window the conversation takes, by the agent's last model call; `windowTokens` is what it goes by. */
  | { type: "context"; tokens: number; windowTokens: number | null }
  /** The conversation was too long for the model; the agent goes on from a summary of it. */
  | { type: "compacted" }
  /** The stream of events broke and was resumed; what was missed follows. */
  | { type: "resumed" };

export type AgentUsage = TokenUsage & { calls: number; costUsd: number };

export type AgentPrompt = {
  text: string;
  /** Of the town. The same id twice starts one turn only. */
  messageId: string;
};

export interface AgentDriver {
  /** Checks what can be checked without starting: the program, the paths. */
  prepare(): Promise<Result<void>>;
  /**
   * Starts the agent and waits until it can take a prompt and has the town's tools.
   * A failure leaves nothing running. Codes: `unsupported`, `deadline`, `internal`.
   */
  start(): Promise<Result<{ pid: number; startedMs: number }>>;
  /**
   * Takes a turn that comes to nothing, in a conversation of its own that is gone afterwards, so that the first turn of
   * a run begins as fast as a later one. To be called while model calls are refused; `refused` resolves with the first.
   */
  rehearse?(refused: Promise<void>): Promise<Result<void>>;
  /** Names of the town's tools the agent has registered, as the model sees them. */
  toolsRegistered(): Promise<Result<string[]>>;
  /** Begins a turn, or queues it behind the one that runs. */
  prompt(prompt: AgentPrompt): Promise<Result<void>>;
  /** Ends the turn that runs; `turn_closed` follows. Not an error when none runs. */
  interrupt(): Promise<Result<void>>;
  /** Called in order for every event from now on. One listener; set before the first prompt. */
  onEvent(listener: (event: AgentEvent) => void): void;
  /** The program that shows the live session on a terminal; a driver without it has none. Errors: `offline`. */
  screen?(): Result<PtyProgram>;
  usage(): AgentUsage;
  /**
   * The whole conversation between two turns, for an agent that goes on elsewhere; holds no secret of the run. A program
   * without such a memory has none of it.
   */
  snapshot?(): Promise<Result<Uint8Array>>;
  /** Resident memory of the sandbox, bytes; null when it cannot be told. */
  residentBytes(): Promise<number | null>;
  /** Resolves when the agent is gone, for whatever reason. */
  readonly exited: Promise<ExitRecord>;
  /** Asks, waits, kills. Safe at any time, also before `start`. */
  stop(options: { graceMs: number }): Promise<ExitRecord>;
}

/** How a driver is made: one per run. */
export type CreateDriver = (spec: AgentSpec) => AgentDriver;
