/**
 * Who may do what with terminals: the part of the authorisation table for what belongs to one connection and is no
 * command. `right` is asked beside the role.
 */
import { owner, type Principal } from "./command-def.ts";

/** Rights beside the role. `host.exec`: what a person types runs on a host. */
type Right = "host.exec";

export const terminalActs = {
  /** Looks at one that is open. */
  "terminal.watch": { roles: owner, right: null },
  /** Opens one that nobody has open. */
  "terminal.start": { roles: owner, right: "host.exec" },
  /** Types, becomes the one who does, and says how large it is. */
  "terminal.write": { roles: owner, right: "host.exec" },
} as const satisfies Record<string, { roles: readonly Principal[]; right: Right | null }>;
export type TerminalAct = keyof typeof terminalActs;

/** Owners and, once there are such, admins; members and viewers have none. */
const RIGHTS: Readonly<Record<Principal, readonly Right[]>> = {
  owner: ["host.exec"],
  runner: [],
};

/** Whether somebody may do this: by role, and by the right that it needs. */
export function mayTerminal(act: TerminalAct, principal: Principal): boolean {
  const { roles, right } = terminalActs[act];
  return (
    (roles as readonly Principal[]).includes(principal) &&
    (right === null || RIGHTS[principal].includes(right))
  );
}
