/** The town's doors: one Bun server for pages, HTTP commands and sockets. */
import { Server as Engine, type WebSocketData } from "@socket.io/bun-engine";
import { Server as SocketServer } from "socket.io";
import { encodeId, FRAME_BYTES_MAX, refuse } from "../protocol/index.ts";
import type { Auth } from "./auth/auth.ts";
import type { AuditEntry, Log, RunnerPort, TownCore } from "./core.ts";
import { createApp } from "./http/app.ts";
import { Reach } from "./http/reach.ts";
import { setSecurityHeaders } from "./http/security-headers.ts";
import { ackResponse } from "./http/status.ts";
import { backPressure } from "./socket/back-pressure.ts";
import { ModelRelay } from "./relay/model-relay.ts";
import { Publisher } from "./socket/publisher.ts";
import { RunnerLinks } from "./socket/runner-links.ts";
import { serveRunners } from "./socket/runner-namespace.ts";
import type { RunnerNamespace, UserNamespace } from "./socket/sockets.ts";
import { serveUsers, type UserEdge } from "./socket/user-namespace.ts";
import { StartError } from "./start-error.ts";
import { Terminals } from "./terminals/terminals.ts";

export interface EdgesOptions {
  auth: Auth;
  /** What to listen on, e.g. 127.0.0.1. */
  host: string;
  /** 0: a free one. */
  port: number;
  /** Where people reach the town when that is elsewhere, e.g. behind a proxy. */
  publicUrl?: string;
  webDir: string;
  log: Log;
  version: string;
  /** In ms, from anywhere: how long calls stand still; the host's own unless given. */
  mono?: () => number;
}

export interface Edges {
  /** Where this host reaches the town. */
  url: string;
  /** Where people reach it: the public address, or `url`. */
  publicUrl: string;
  port: number;
  runnerPort: RunnerPort;
  /** Opens the doors to the town; before that everything but /health answers `busy`. */
  bind(core: TownCore): void;
  stop(): Promise<void>;
}

const SOCKET_PATH = "/socket.io/";
const PING_INTERVAL_MS = 25_000;
/** Must exceed the ping interval: Bun would close a quiet long poll before. */
const HTTP_IDLE_TIMEOUT_S = 60;
const WEBSOCKET_IDLE_TIMEOUT_S = 120;
/** A connection that opens no namespace in this time is closed. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Outer bound of the HTTP server; the routes refuse far less with a typed answer. */
const REQUEST_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Listens at once.
 * @throws StartError when the port is in use or the address is not this host's
 */
export function openEdges(options: EdgesOptions): Edges {
  const { auth, log, version } = options;
  const reach = new Reach(options);
  const secure = options.publicUrl?.startsWith("https:") ?? false;
  const links = new RunnerLinks();
  let edge: UserEdge | null = null;
  const core = () => edge?.core ?? null;

  const engine = openEngine(reach);
  const io = new SocketServer({ serveClient: false, connectTimeout: CONNECT_TIMEOUT_MS });
  io.bind(engine);
  const users: UserNamespace = io.of("/");
  const runners: RunnerNamespace = io.of("/runner");
  serveUsers(users, () => edge, { auth, log, version });
  serveRunners(runners, core, { auth, log, links });
  const forgetEnded = auth.onEnded((id) => closeConnections([users, runners], id));

  const { mono = () => performance.now() } = options;
  const relay = new ModelRelay({ core, log, now: () => Date.now(), mono });
  const app = createApp({ core, auth, reach, relay, log, webDir: options.webDir, version, secure });
  const handler = engine.handler();
  const server = listen(options, {
    maxRequestBodySize: REQUEST_BYTES_MAX,
    idleTimeout: HTTP_IDLE_TIMEOUT_S,
    development: false,
    // Outside of development Bun shares a port with whoever asks for it too.
    reusePort: false,
    websocket: {
      ...handler.websocket,
      ...backPressure(engine),
      idleTimeout: WEBSOCKET_IDLE_TIMEOUT_S,
      maxPayloadLength: FRAME_BYTES_MAX,
    },
    fetch(request, bun) {
      if (new URL(request.url).pathname === SOCKET_PATH)
        return answerPoll(request, engine, bun, secure);
      return app.fetch(request, {
        address: bun.requestIP(request)?.address ?? "",
        waitLong: () => bun.timeout(request, 0),
      });
    },
  });
  const url = `http://${urlHost(options.host)}:${server.port}`;
  return {
    url,
    publicUrl: options.publicUrl?.replace(/\/+$/, "") ?? url,
    port: server.port ?? options.port,
    runnerPort: links,
    bind(opened) {
      const terminals = openTerminals(opened, links, log);
      links.serveTerminals({
        news: (runnerId, news) => terminals.news(runnerId, news),
        gone: (runnerId) => terminals.runnerGone(runnerId),
      });
      edge = { core: opened, publisher: new Publisher(opened), terminals };
    },
    async stop() {
      forgetEnded();
      await relay.stop();
      edge?.publisher.stop();
      edge?.terminals.stop();
      edge = null;
      io.disconnectSockets(true);
      engine.close();
      await server.stop(true);
    },
  };
}

function openTerminals(core: TownCore, links: RunnerLinks, log: Log): Terminals {
  return new Terminals({
    find: (ref) => core.terminalTarget(ref),
    ask: (runnerId, order, value) => links.terminal(runnerId, order, value),
    audit: (entry) => void keepAudit(core, entry, log),
    newId: () => encodeId("terminal", new Uint8Array(Bun.randomUUIDv7("buffer"))),
    log,
  });
}

/** A disk that takes nothing is told in the log: without what was typed. */
async function keepAudit(core: TownCore, entry: AuditEntry, log: Log): Promise<void> {
  try {
    await core.audit(entry);
  } catch (error) {
    const { command, subject } = entry;
    log.error({ command, subject, error: String(error) }, "the audit could not be kept");
  }
}

function openEngine(reach: Reach): Engine {
  return new Engine({
    path: SOCKET_PATH,
    pingInterval: PING_INTERVAL_MS,
    maxHttpBufferSize: FRAME_BYTES_MAX,
    // The library's own origin option only sets headers: a foreign WebSocket would pass it.
    // The reason a request is rejected with becomes the answer's text.
    allowRequest(request) {
      const allowed = reach.check(request.headers);
      return allowed.ok ? Promise.resolve() : Promise.reject(allowed.error.message);
    },
  });
}

type ServeOptions = Omit<Bun.Serve.Options<WebSocketData>, "hostname" | "port">;

/** A poll's body is refused by its announced size, before a byte of it is read. */
async function answerPoll(
  request: Request,
  engine: Engine,
  bun: Bun.Server<WebSocketData>,
  secure: boolean,
): Promise<Response> {
  const announced = request.headers.get("content-length");
  const tooLarge =
    Number(announced ?? 0) > FRAME_BYTES_MAX || (request.method === "POST" && announced === null);
  const response = tooLarge
    ? ackResponse(
        refuse("too_large", `A frame may have ${FRAME_BYTES_MAX / 1024} KiB at most. Send less.`),
      )
    : await engine.handleRequest(request, bun);
  setSecurityHeaders(response.headers, secure);
  return response;
}

/** A port in use and a foreign address are told in a sentence. */
function listen(options: EdgesOptions, rest: ServeOptions): Bun.Server<WebSocketData> {
  try {
    return Bun.serve<WebSocketData>({
      ...rest,
      hostname: options.host,
      port: options.port,
    } as Parameters<typeof Bun.serve<WebSocketData>>[0]);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EADDRINUSE") {
      throw new StartError(
        `Port ${options.port} of ${options.host} is in use. Choose another with --port, or --port 0 for a free one.`,
      );
    }
    if (code === "EACCES") {
      throw new StartError(
        `Port ${options.port} needs more rights than this user has. Choose one above 1023 with --port.`,
      );
    }
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
      throw new StartError(
        `${options.host} is no address of this host. Choose another with --host.`,
      );
    }
    throw error;
  }
}

/** The host part of a URL that reaches a server listening on `host` from here. */
function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

/** Closes what was opened with a token or login that has ended. */
function closeConnections(namespaces: readonly [UserNamespace, RunnerNamespace], id: string): void {
  for (const namespace of namespaces) {
    for (const socket of namespace.sockets.values()) {
      if (socket.data.asker.endsWith === id) socket.disconnect(true);
    }
  }
}
