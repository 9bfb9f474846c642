/** The shape of a command: a write under its own savepoint, answered after the commit. */
import type { CommandBody, CommandName, CommandValue, Result } from "../../protocol/index.ts";
import type { AuthPort } from "../core.ts";
import type { Author } from "../model/authorship/author.ts";
import type { Tx } from "../store/tx.ts";

export interface CommandPorts {
  auth: AuthPort;
  /** Who the git of whoever started the town says he is. */
  hostAuthor: Author | null;
}

export type Apply<N extends CommandName> = (
  tx: Tx,
  body: CommandBody<N>,
  ports: CommandPorts,
) => Result<CommandValue<N>>;
