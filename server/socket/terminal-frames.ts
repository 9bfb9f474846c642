/** The frames of terminals on a person's connection. */
import {
  mayTerminal,
  ok,
  terminalNameSchema,
  terminalOpenSchema,
  terminalResizeSchema,
  terminalTypeSchema,
} from "../../protocol/index.ts";
import type { Caller } from "../core.ts";
import type { TerminalViewer } from "../terminals/open-terminal.ts";
import type { Terminals } from "../terminals/terminals.ts";
import type { Receiver } from "./receive.ts";

/** Answers them for one connection. Returns what is to be done when it is gone. */
export function serveTerminals(
  terminals: Terminals,
  receiver: Receiver,
  connection: { caller: Caller; send: TerminalViewer["send"] },
): () => void {
  const { caller, send } = connection;
  const mayWrite = mayTerminal("terminal.write", caller.principal);
  const viewer: TerminalViewer = { actor: caller.actor, mayWrite, send };
  let isGone = false;
  receiver.on("terminal.open", terminalOpenSchema, async (wish) => {
    const opened = await terminals.open(viewer, caller, wish);
    // It may have been opened for somebody who has left meanwhile.
    if (isGone) terminals.gone(viewer);
    return opened;
  });
  receiver.on("terminal.input", terminalTypeSchema, ({ terminal, data }) => {
    const found = terminals.of(viewer, terminal);
    return found.ok ? found.value.type(viewer, data) : found;
  });
  receiver.on("terminal.resize", terminalResizeSchema, ({ terminal, cols, rows }) => {
    const found = terminals.of(viewer, terminal);
    if (!found.ok) return found;
    found.value.resize(viewer, { cols, rows });
    return ok(null);
  });
  receiver.on("terminal.take", terminalNameSchema, ({ terminal }) => {
    const found = terminals.of(viewer, terminal);
    return found.ok ? found.value.take(viewer) : found;
  });
  receiver.on("terminal.leave", terminalNameSchema, ({ terminal }) => {
    const found = terminals.of(viewer, terminal);
    if (!found.ok) return found;
    found.value.leave(viewer);
    return ok(null);
  });
  return () => {
    isGone = true;
    terminals.gone(viewer);
  };
}
