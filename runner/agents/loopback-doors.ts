/** Doors on this host: HTTP on sockets of the run, or on loopback ports where nothing forwards sockets. */
import { randomHex, type Random } from "../clock.ts";
import { openEgressProxy } from "../egress/proxy.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { AgentDoors, OpenDoors } from "./doors.ts";
import { openGateway } from "./gateway.ts";
import { listenFor } from "./loopback-server.ts";
import { openToolServer } from "./mcp.ts";
import type { SocketDirs } from "./socket-dirs.ts";

const GATEWAY_PORT_INSIDE = 7001;
const TOOLS_PORT_INSIDE = 7002;
const SECRET_BYTES = 24;

export function loopbackDoors(parts: {
  sockets: SocketDirs;
  sandbox: Pick<Sandbox, "mode" | "closesNetwork">;
  random: Random;
}): OpenDoors {
  const { sockets, sandbox, random } = parts;
  return ({ runId, gateway, tools, egress }): AgentDoors => {
    const socketDir = sockets.open();
    const listen = (name: string) => listenFor(sandbox.mode, socketDir, name);
    const token = randomHex(random, SECRET_BYTES);
    const model = openGateway({ ...gateway, runId, listen: listen("gateway"), token });
    const secret = randomHex(random, SECRET_BYTES);
    const server = openToolServer({ ...tools, runId, listen: listen("mcp"), secret });
    const proxy =
      sandbox.closesNetwork && egress !== null
        ? openEgressProxy({ ...egress, listen: listen("egress") })
        : null;
    const inside = { gateway: GATEWAY_PORT_INSIDE, tools: TOOLS_PORT_INSIDE };
    return {
      socketDir,
      gateway: {
        reachable: { name: "gateway", address: model.address, insidePort: inside.gateway },
        token,
      },
      tools: {
        reachable: { name: "mcp", address: server.address, insidePort: inside.tools },
        secret,
        listed: server.listed,
      },
      egress: proxy,
      revoke: () => server.revoke(),
      close: async () => {
        await Promise.all([model.close(), server.close(), proxy?.close()]);
        sockets.close(socketDir);
      },
    };
  };
}
