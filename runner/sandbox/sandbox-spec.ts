/** What a sandbox holds. The same description serves every mode of isolation. */

/** Namespaces of its own, a user of its own, or nothing. */
export type SandboxMode = "bwrap" | "user" | "none";

/** Where a server of the runner listens for one run. */
export type ListenAddress = { unix: string } | { port: number };

/**
 * A server of the runner that the sandbox may reach: at `http://127.0.0.1:<insidePort>` when isolated (the small
 * parent forwards to the bound socket), at its own loopback port when not.
 */
export type Reachable = { name: string; address: ListenAddress; insidePort: number };

export type SandboxSpec = {
  mode: SandboxMode;
  runId: string;
  /** `markOwner(dataDir)`. */
  owner: string;
  /** Directory of the command, as seen inside. */
  cwd: string;
  /** The whole environment of the command. Never in argv: it holds the run's secrets. */
  env: Readonly<Record<string, string>>;
  /** Host paths visible at the same place. Those that do not exist fail the start. */
  readOnly: readonly string[];
  readWrite: readonly string[];
  /** Host paths visible at another place. Ignored without bubblewrap, where every path is the host's. */
  bindAs?: readonly { from: string; to: string; writable: boolean }[];
  /** Host directories that must not show even when they lie below a system directory: the town's data. */
  hide?: readonly string[];
  sockets?: readonly Reachable[];
  /** The command's own server: forwarded from `<hostDir>/agent.sock`, an otherwise empty directory, to `insidePort`. */
  agentServer?: { hostDir: string; insidePort: number };
  /** The command reads lines of `sendLine`; without it, its stdin is empty. */
  takesInput?: boolean;
  /** The command gets a terminal of its own, which `typeInto` and `resizeTerminal` steer; its stdin is that. */
  terminal?: { cols: number; rows: number };
  /** `open` shares the host's network, loopback included. */
  network: "none" | "open";
};

/** The port at which the command reaches a server of the runner. */
export function portInside(mode: SandboxMode, reachable: Reachable): number {
  if (mode === "bwrap") return reachable.insidePort;
  if ("port" in reachable.address) return reachable.address.port;
  throw new Error(
    `${reachable.name} listens on a socket, which nothing forwards without isolation`,
  );
}
