/** Opens the edges over a town in memory, with real auth, HTTP and sockets; closes everything after. */
import { mkdtempSync, rmSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { io, type Socket } from "socket.io-client";
import { PROTOCOL_VERSION, RUNNER_RIGHTS, type Ack } from "../../../protocol/index.ts";
import { openAuth, type Auth } from "../../../server/auth/auth.ts";
import type { Clock, Log, Random } from "../../../server/core.ts";
import { openEdges, type Edges } from "../../../server/edges.ts";
import { memoryMembership, proofOf } from "../../support/membership.ts";
import { MemoryTown, townId } from "./memory-town.ts";

/** A clock a test moves by hand. */
export class HandClock implements Clock {
  ms = 1_700_000_000_000;
  now(): number {
    return this.ms;
  }
  mono(): number {
    return this.ms;
  }
}

export const systemRandom: Random = {
  unit: () => Math.random(),
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
};

const quiet: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export interface OpenTown {
  town: MemoryTown;
  auth: Auth;
  edges: Edges;
  clock: HandClock;
  dir: string;
  ownerToken: string;
  runnerToken: string;
  /** Opens the runner's connection with the key for which `runnerToken` is exchanged. */
  connectRunner(): Promise<Socket>;
  /** Logs in by a fresh link; the cookie as a browser would send it, and the session secret. */
  login(): Promise<{ cookie: string; secret: string }>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  connect(options: ConnectOptions): Socket;
  close(): Promise<void>;
}
export interface ConnectOptions {
  namespace?: string;
  auth?: Record<string, unknown>;
  headers?: Record<string, string>;
  transports?: ("polling" | "websocket")[];
}

export function openTown(): OpenTown {
  const dir = mkdtempSync(join(tmpdir(), "gastown-edges-"));
  const webDir = join(dir, "web");
  mkdirSync(webDir);
  writeFileSync(join(webDir, "index.html"), "<!doctype html><title>Gastown</title>");
  writeFileSync(join(webDir, "chunk-abcdefgh.js"), "export {};");
  const clock = new HandClock();
  const auth = openAuth({ dataDir: dir, clock, random: systemRandom, keyFile: join(dir, "key") });
  const town = new MemoryTown();
  const edges = openEdges({
    auth,
    host: "127.0.0.1",
    port: 0,
    webDir,
    log: quiet,
    version: "1.2.3",
    mono: () => clock.mono(),
  });
  edges.bind(town);
  const sockets: Socket[] = [];
  const member = memoryMembership();
  const runnerToken = auth.createToken("runner", "test", RUNNER_RIGHTS).token;
  const post: OpenTown["post"] = (path, body, headers = {}) =>
    fetch(edges.url + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const connect: OpenTown["connect"] = ({
    namespace = "/",
    auth: credentials = {},
    headers = {},
    transports = ["websocket"],
  }) => {
    const socket = io(edges.url + namespace, {
      auth: { version: PROTOCOL_VERSION, client: "test", ...credentials },
      extraHeaders: headers,
      transports,
      reconnection: false,
      forceNew: true,
    });
    sockets.push(socket);
    return socket;
  };
  return {
    town,
    auth,
    edges,
    clock,
    dir,
    ownerToken: auth.createToken("owner", "test").token,
    runnerToken,
    connectRunner: async () =>
      connect({
        namespace: "/runner",
        auth: await proofOf(member, edges.url, runnerToken),
      }),
    post,
    async login() {
      const response = await post("/api/login", { token: auth.createLogin().token });
      const answer = (await response.json()) as { value: { secret: string } };
      const cookie = response.headers.get("set-cookie")?.split(";")[0] ?? "";
      return { cookie, secret: answer.value.secret };
    },
    connect,
    async close() {
      for (const socket of sockets) socket.disconnect();
      await edges.stop();
      auth.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export { townId };

/** Resolves when the socket is connected; rejects with what the town answered. */
export function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
}

/** The reason why a connection was refused. */
export async function refusal(socket: Socket): Promise<Error & { data?: { code: string } }> {
  try {
    await connected(socket);
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error("the connection was accepted");
}

export function disconnected(socket: Socket): Promise<string> {
  return new Promise((resolve) => socket.once("disconnect", resolve));
}

export async function ask(socket: Socket, event: string, frame: unknown): Promise<Ack<never>> {
  return (await socket.timeout(5_000).emitWithAck(event, frame)) as Ack<never>;
}

/** What the next `event` carries. */
export function next<T>(socket: Socket, event: string): Promise<T> {
  return new Promise((resolve) => socket.once(event, (value: T) => resolve(value)));
}
