/** kilo's own screen on a live session: `kilo attach`, in a sandbox of its own that reaches the agent's server and nothing else. */
import type { PtyProgram } from "../../pty/pty.ts";
import { portInside, type Reachable, type SandboxMode } from "../../sandbox/sandbox-spec.ts";
import type { AgentSpec } from "../driver.ts";
import { KILO_INSIDE, PORT_INSIDE, type KiloServer } from "./kilo-server.ts";
import { kiloQuiet } from "./kilo-config.ts";

/** The command line in a tree where the agent's files are; its home is the terminal's own, not the agent's. */
export function kiloScreen(
  spec: AgentSpec,
  kilo: {
    mode: SandboxMode;
    binary: string;
    password: string;
    server: KiloServer;
    sessionId: string;
  },
): PtyProgram {
  const { mode, binary, server } = kilo;
  const agent: Reachable = { name: "agent", address: server.address, insidePort: PORT_INSIDE };
  return {
    argv: [
      mode === "bwrap" ? KILO_INSIDE : binary,
      "attach",
      `http://127.0.0.1:${portInside(mode, agent)}`,
      "--session",
      kilo.sessionId,
      "--dir",
      spec.cwd,
    ],
    env: { ...kiloQuiet, KILO_SERVER_PASSWORD: kilo.password },
    sockets: [agent],
    bindAs: [{ from: binary, to: KILO_INSIDE, writable: false }],
  };
}
