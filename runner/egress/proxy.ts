/**
 * The only way out of a sandbox whose rig allows one: an HTTP proxy on a socket of the run. It resolves names itself, so
 * that what was judged is what is connected to, and it carries bytes without looking into them.
 */
import { lookup } from "node:dns/promises";
import { rmSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { createConnection, createServer, isIP, type Server, type Socket } from "node:net";
import type { ListenOn } from "../agents/loopback-server.ts";
import {
  portInside,
  type ListenAddress,
  type Reachable,
  type SandboxMode,
} from "../sandbox/sandbox-spec.ts";
import {
  isNamed,
  mayConnect,
  parseDestination,
  type Destination,
  type Reach,
} from "./destination.ts";

/** A request's head; longer ones are nobody's business here. */
const HEAD_BYTES_MAX = 32 * 1024;
/** From the connection to the end of its head. */
const HEAD_MS_MAX = 30_000;
const CONNECT_MS_MAX = 15_000;
/** A connection on which nothing moves. */
const IDLE_MS_MAX = 10 * 60_000;
const CONNECTIONS_MAX = 64;

/** Where a sandbox finds it, if its socket is forwarded. */
const EGRESS_PORT_INSIDE = 7_003;

export type EgressProxy = {
  /** Where a sandbox reaches it, as soon as it can. */
  readonly opened: Promise<Reachable>;
  /** Cuts every connection and removes the socket. */
  close: () => Promise<void>;
};

export type EgressOptions = {
  listen: ListenOn;
  /** Asked for at each connection, where it may change. */
  reach: Reach | (() => Reach);
  /** Hears of each request that was refused, as `host:port` and a reason. */
  onRefused: (destination: string, why: string) => void;
};

type Head = { method: string; target: string; lines: string[]; rest: Buffer };

/** What tells programs of it; their own model and tools are reached without. */
export function proxyVariables(
  mode: SandboxMode,
  egress: Reachable | null,
): Record<string, string> {
  if (egress === null) return {};
  const url = `http://127.0.0.1:${portInside(mode, egress)}`;
  const own = "127.0.0.1,localhost,::1";
  const pairs = { http_proxy: url, https_proxy: url, no_proxy: own };
  return Object.fromEntries(
    Object.entries(pairs).flatMap(([name, value]) => [
      [name, value],
      [name.toUpperCase(), value],
    ]),
  );
}

export function openEgressProxy(options: EgressOptions): EgressProxy {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (sockets.size >= CONNECTIONS_MAX) {
      answer(client, 503, "Too many connections of this run at once.");
      return;
    }
    sockets.add(client);
    client.on("close", () => sockets.delete(client));
    void serve(client, options);
  });
  return {
    opened: listening(server, options.listen),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      if ("unix" in options.listen) rmSync(options.listen.unix, { force: true });
    },
  };
}

function listening(server: Server, listen: ListenOn): Promise<Reachable> {
  return new Promise((resolve, reject) => {
    const opened = () => {
      const at = server.address();
      const address = at !== null && typeof at === "object" ? { port: at.port } : null;
      if ("unix" in listen) resolve(reachableAt(listen));
      else if (address === null) reject(new Error("a proxy without a port"));
      else resolve(reachableAt(address));
    };
    server.once("error", reject);
    if ("unix" in listen) server.listen(listen.unix, opened);
    else server.listen(0, "127.0.0.1", opened);
  });
}

function reachableAt(address: ListenAddress): Reachable {
  return { name: "egress", address, insidePort: EGRESS_PORT_INSIDE };
}

async function serve(client: Socket, options: EgressOptions): Promise<void> {
  const { onRefused } = options;
  const reach = typeof options.reach === "function" ? options.reach() : options.reach;
  client.on("error", () => client.destroy());
  const head = await readHead(client);
  if (head === null) return;
  const wanted = destinationOf(head);
  if (wanted === null) {
    answer(client, 400, "This proxy takes CONNECT host:port and requests for http://host/.");
    return;
  }
  const name = `${wanted.host}:${wanted.port}`;
  const refused = (why: string) => {
    onRefused(name, why);
    answer(client, 403, `${name}: ${why}`);
  };
  if (!isNamed(reach, wanted)) {
    refused("The rig's egress does not name it.");
    return;
  }
  const addresses = await addressesOf(wanted.host);
  const own = ownAddresses();
  const address = addresses.find((one) => mayConnect(reach, wanted, one, own));
  if (address === undefined) {
    if (addresses.length === 0) answer(client, 502, `${name} cannot be resolved.`);
    else
      refused(
        "It leads to a private address or to this host, which the rig's egress does not name.",
      );
    return;
  }
  connect(client, head, { address, port: wanted.port });
}

/** Carries bytes both ways until one side ends or nothing moves any more. */
function connect(
  client: Socket,
  head: Head,
  { address, port }: { address: string; port: number },
): void {
  const far = createConnection({ host: address, port, allowHalfOpen: true });
  const late = setTimeout(() => far.destroy(new Error("late")), CONNECT_MS_MAX);
  let isOpen = false;
  far.on("connect", () => {
    clearTimeout(late);
    isOpen = true;
    if (head.method === "CONNECT") client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    else far.write(asOrigin(head));
    if (head.rest.length > 0) far.write(head.rest);
    client.pipe(far);
    far.pipe(client);
  });
  const drop = () => {
    clearTimeout(late);
    far.destroy();
    client.destroy();
  };
  far.on("error", () => {
    clearTimeout(late);
    if (isOpen) drop();
    else answer(client, 502, "It does not answer.");
  });
  for (const socket of [client, far]) {
    socket.setTimeout(IDLE_MS_MAX, drop);
    socket.on("close", drop);
  }
}

/** Null when there is none: the connection has ended, or was answered. */
function readHead(client: Socket): Promise<Head | null> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0);
    const settle = (head: Head | null) => {
      clearTimeout(late);
      client.off("data", take);
      client.off("close", gone);
      client.pause();
      resolve(head);
    };
    const gone = () => settle(null);
    const late = setTimeout(() => {
      settle(null);
      client.destroy();
    }, HEAD_MS_MAX);
    const take = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.indexOf("\r\n\r\n");
      if (end < 0 && bytes.length <= HEAD_BYTES_MAX) return;
      if (end < 0 || end > HEAD_BYTES_MAX) {
        settle(null);
        answer(client, 431, "The head of this request is too long.");
        return;
      }
      const [first = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
      const [method = "", target = ""] = first.split(" ");
      settle({ method, target, lines, rest: bytes.subarray(end + 4) });
    };
    client.on("data", take);
    client.on("close", gone);
  });
}

function destinationOf({ method, target }: Head): Destination | null {
  if (method === "CONNECT") return parseDestination(target);
  const url = URL.canParse(target) ? new URL(target) : null;
  if (url?.protocol !== "http:") return null;
  return parseDestination(`${url.hostname}:${url.port === "" ? 80 : url.port}`);
}

/** As the server itself is asked, for one request: what comes after it on this connection would be unjudged. */
function asOrigin({ method, target, lines }: Head): string {
  const { pathname, search } = new URL(target);
  const kept = lines.filter((line) => !/^(proxy-[a-z-]+|connection|keep-alive):/i.test(line));
  return [`${method} ${pathname}${search} HTTP/1.1`, ...kept, "Connection: close", "", ""].join(
    "\r\n",
  );
}

/** Looked up each time: hosts get others while they run. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((found) =>
    (found ?? []).map(({ address }) => address),
  );
}

/** Empty when nothing is known of the name. */
async function addressesOf(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    // Whatever the resolver says, the answer to the agent is the same.
    return [];
  }
}

function answer(client: Socket, status: number, text: string): void {
  const body = `${text}\n`;
  client.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
