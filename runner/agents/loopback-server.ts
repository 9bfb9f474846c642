/** A small HTTP server for one run: on a Unix socket, or on a loopback port where sockets cannot be forwarded. */
import { createHash, timingSafeEqual } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { ListenAddress, SandboxMode } from "../sandbox/sandbox-spec.ts";

export type ListenOn = { unix: string } | { tcp: true };

/** Where a server for one run listens: sockets are forwarded into bubblewrap alone. */
export function listenFor(mode: SandboxMode, dir: string, name: string): ListenOn {
  return mode === "bwrap" ? { unix: join(dir, `${name}.sock`) } : { tcp: true };
}

export type LoopbackServer = {
  address: ListenAddress;
  /** Stops at once: open connections are cut, the socket is removed. */
  close(): Promise<void>;
};

const HOSTS = new Set(["127.0.0.1", "localhost", "[::1]"]);

export function serveLoopback(options: {
  listen: ListenOn;
  bodyBytesMax: number;
  fetch: (request: Request) => Promise<Response>;
}): LoopbackServer {
  const { listen, bodyBytesMax: maxRequestBodySize, fetch } = options;
  // A model may think for minutes between two bytes: silence is judged by the run's ladder, not by a socket timer.
  // Development mode would print a stream that breaks off, with its stack.
  const server = Bun.serve(
    serveOptions(listen, { maxRequestBodySize, idleTimeout: 0, development: false, fetch }),
  );
  const address: ListenAddress = "unix" in listen ? listen : { port: server.port ?? 0 };
  return {
    address,
    async close() {
      await server.stop(true);
      if ("unix" in listen) rmSync(listen.unix, { force: true });
    },
  };
}

type Common = {
  maxRequestBodySize: number;
  idleTimeout: number;
  development: false;
  fetch: (request: Request) => Promise<Response>;
};

function serveOptions(listen: ListenOn, common: Common): Bun.Serve.Options<undefined> {
  // Outside of development Bun shares a port with whoever asks for it too.
  if ("tcp" in listen) return { hostname: "127.0.0.1", port: 0, reusePort: false, ...common };
  // A socket takes `idleTimeout` too, and cuts after 10 s without it, though its type forbids it.
  const options: object = { unix: listen.unix, ...common };
  return options as Bun.Serve.Options<undefined>;
}

/** Whether the request carries `Authorization: Bearer <secret>`; compares in constant time. */
export function hasBearer(request: Request, secret: string): boolean {
  return isSecret(request.headers.get("authorization") ?? "", `Bearer ${secret}`);
}

/** Whether what was given is the secret; compares in constant time. */
export function isSecret(given: string, secret: string): boolean {
  return timingSafeEqual(digest(given), digest(secret));
}

/**
 * Whether a request comes from a program beside us and not from a page in a browser: the Host is loopback,
 * and there is no Origin (agents send none).
 */
export function isFromProgram(request: Request): boolean {
  if (request.headers.has("origin")) return false;
  const host = request.headers.get("host") ?? "";
  return HOSTS.has(host.replace(/:\d+$/, ""));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
