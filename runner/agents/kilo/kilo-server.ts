/** One `kilo serve` in its sandbox: started, waited for, and reachable by an address nobody inside can redirect. */
import { mkdir, lstat, rename } from "node:fs/promises";
import { join } from "node:path";
import { refuse, type Result } from "../../../protocol/error.ts";
import { proxyVariables } from "../../egress/proxy.ts";
import { describeExit } from "../../process/exit-record.ts";
import { freePort } from "../../process/free-port.ts";
import type { ManagedProcess } from "../../process/process.ts";
import type { ListenAddress, Reachable, SandboxSpec } from "../../sandbox/sandbox-spec.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { AgentSpec } from "../driver.ts";
import { saidBy, socketsOf, STDERR_BYTES_MAX } from "../driver-parts.ts";
import { within } from "../within.ts";
import { kiloEnvironment } from "./kilo-config.ts";

export const PORT_INSIDE = 4096;
export const KILO_INSIDE = "/opt/kilo/kilo";
const READY = /listening on http:\/\/127\.0\.0\.1:(\d+)/;
const STOP_GRACE_MS = 2_000;

export type KiloServer = { process: ManagedProcess; address: ListenAddress };

export type KiloStart = {
  sandbox: Sandbox;
  owner: string;
  binary: string;
  password: string;
  startTimeoutMs: number;
  /** Aborting ends a start that is under way. */
  signal: AbortSignal;
};

/** Fails with `unsupported` (cannot be started), `internal` (ended at once) or `deadline`. Leaves nothing behind then. */
export async function startKiloServer(
  spec: AgentSpec,
  start: KiloStart,
): Promise<Result<KiloServer>> {
  const isolated = start.sandbox.mode === "bwrap";
  const port = isolated ? PORT_INSIDE : freePort();
  const hostDir = join(spec.socketDir, "a");
  await Promise.all(
    [hostDir, spec.home, spec.tmp].map((dir) => mkdir(dir, { recursive: true, mode: 0o700 })),
  );
  const ready = Promise.withResolvers<"ready">();
  const onLine = (line: string) => {
    if (READY.test(line)) ready.resolve("ready");
  };
  const argv = [
    isolated ? KILO_INSIDE : start.binary,
    "serve",
    "--hostname=127.0.0.1",
    `--port=${port}`,
  ];
  const egress = (await spec.egress?.opened) ?? null;
  const started = await start.sandbox.start(
    sandboxSpec(spec, start, egress, { hostDir, insidePort: port }),
    argv,
    {
      stdout: { onLine },
      stderr: { bytesMax: STDERR_BYTES_MAX },
      signal: start.signal,
    },
  );
  if (!started.ok) return started;
  const child = started.value;
  const aborted = Promise.withResolvers<"aborted">();
  start.signal.addEventListener("abort", () => aborted.resolve("aborted"), { once: true });
  if (start.signal.aborted) aborted.resolve("aborted");
  const first = await within(
    Promise.race([ready.promise, child.exited, aborted.promise]),
    start.startTimeoutMs,
  );
  if (first === "ready") {
    const address: ListenAddress = isolated
      ? { unix: await claimSocket(hostDir, spec.socketDir) }
      : { port };
    return { ok: true, value: { process: child, address } };
  }
  const exit = await child.stop({ graceMs: STOP_GRACE_MS });
  const said = saidBy(child);
  if (first === "aborted") return refuse("offline", "The start was called off.");
  if (first === "late")
    return refuse("deadline", `kilo was not ready after ${start.startTimeoutMs} ms. ${said}`, {
      retryable: true,
    });
  return refuse("internal", `kilo ${describeExit(exit)} before it was ready. ${said}`, {
    retryable: true,
  });
}

function sandboxSpec(
  spec: AgentSpec,
  start: KiloStart,
  egress: Reachable | null,
  agentServer: { hostDir: string; insidePort: number },
): SandboxSpec {
  const { sandbox, owner, binary, password } = start;
  return {
    mode: sandbox.mode,
    runId: spec.runId,
    owner,
    cwd: spec.cwd,
    env: {
      ...spec.variables,
      ...sandbox.environment({ home: spec.home, tmp: spec.tmp }),
      ...kiloEnvironment(spec, sandbox.mode, password),
      ...proxyVariables(sandbox.mode, egress),
    },
    readOnly: spec.readOnly,
    readWrite: [...new Set([spec.home, spec.tmp, ...spec.readWrite])],
    bindAs: [{ from: binary, to: KILO_INSIDE, writable: false }, ...(spec.bindAs ?? [])],
    hide: spec.hide,
    sockets: socketsOf(spec, egress),
    agentServer,
    network: "none",
  };
}

/**
 * Takes the agent's socket out of the directory the sandbox can write, before any of the agent's own work runs:
 * a link put in its place later leads nowhere.
 */
async function claimSocket(hostDir: string, socketDir: string): Promise<string> {
  const claimed = join(socketDir, "agent.sock");
  await rename(join(hostDir, "agent.sock"), claimed);
  const kind = await lstat(claimed);
  if (!kind.isSocket()) throw new Error(`${claimed} is not a socket`);
  return claimed;
}
