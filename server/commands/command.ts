/** The shape of a command: a write under its own savepoint, answered after the commit. */
import type { CommandBody, CommandName, CommandValue, Result } from "../../protocol/index.ts";
import type { AuthPort } from "../core.ts";
import type { Tx } from "../store/tx.ts";

export interface CommandPorts {
  auth: AuthPort;
}

export type Apply<N extends CommandName> = (
  tx: Tx,
  body: CommandBody<N>,
  ports: CommandPorts,
) => Result<CommandValue<N>>;
