/** Runs a rig's own commands in a tree. They are code of the repository: an agent may have written them. */
import type { Reach } from "../egress/destination.ts";
import type { ExitRecord } from "../../protocol/facts.ts";

/** Where a command runs: the tree and what belongs to it. All of it is seen at its own path. */
export interface CommandPlace {
  readonly treeDir: string;
  readonly homeDir: string;
  readonly tmpDir: string;
  readonly readOnly: readonly string[];
}

export interface RigCommand {
  readonly runId: string;
  /** A line for the shell. */
  readonly line: string;
  readonly place: CommandPlace;
  /** Beside what the sandbox sets itself. */
  readonly env: Readonly<Record<string, string>>;
  /** `host`: the host's own. */
  readonly network: "none" | "host" | { readonly reach: Reach };
  readonly timeoutMs: number;
  /** Ends the command. */
  readonly signal: AbortSignal;
}

export type CommandEnd =
  | { readonly kind: "ran"; readonly exit: ExitRecord; readonly output: string }
  /** Nothing is known of what the command would have said. */
  | { readonly kind: "not_started"; readonly message: string };

export interface Commands {
  run(command: RigCommand): Promise<CommandEnd>;
}
