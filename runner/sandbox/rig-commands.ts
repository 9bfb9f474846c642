/** Runs the commands of rigs in this runner's sandbox. */
import { mkdir } from "node:fs/promises";
import { listenFor } from "../agents/loopback-server.ts";
import type { SocketDirs } from "../agents/socket-dirs.ts";
import type { Reach } from "../egress/destination.ts";
import { openEgressProxy, proxyVariables } from "../egress/proxy.ts";
import { GATE_OUTPUT_BYTES_MAX, STOP_GRACE_MS } from "../config.ts";
import type { RunOutput } from "../process/process.ts";
import type { CommandEnd, Commands, RigCommand } from "../works/commands.ts";
import type { Sandbox } from "./sandbox.ts";

const SHELL = ["/bin/sh", "-c"];
/** The small parent could not start the command. */
const CANNOT_START = 127;

interface CommandParts {
  sandbox: Sandbox;
  owner: string;
  hide: readonly string[];
  sockets: SocketDirs;
}

export function sandboxCommands(options: CommandParts): Commands {
  return { run: (command) => runCommand(options, command) };
}

async function runCommand(
  parts: CommandParts,
  { runId, line, place, env: given, network, timeoutMs, signal }: RigCommand,
): Promise<CommandEnd> {
  const { sandbox, owner, hide } = parts;
  const { treeDir, homeDir, tmpDir, readOnly } = place;
  for (const dir of [homeDir, tmpDir]) await mkdir(dir, { recursive: true, mode: 0o700 });
  const env = { ...given, ...sandbox.environment({ home: homeDir, tmp: tmpDir }), CI: "1" };
  const readWrite = [treeDir, homeDir, tmpDir];
  const spec = { mode: sandbox.mode, runId, owner, cwd: treeDir, readOnly, readWrite, hide };
  const egress = typeof network === "string" ? null : openEgress(parts, network.reach);
  let output: RunOutput;
  try {
    const out = (await egress?.proxy.opened) ?? null;
    output = await sandbox.runSandboxed(
      {
        ...spec,
        env: { ...env, ...proxyVariables(sandbox.mode, out) },
        sockets: out === null ? [] : [out],
        network: network === "host" ? "open" : "none",
      },
      [...SHELL, `exec 2>&1\n${line}`],
      { timeoutMs, outputBytesMax: GATE_OUTPUT_BYTES_MAX, graceMs: STOP_GRACE_MS, signal },
    );
  } finally {
    await egress?.close();
  }
  const message = whyNotStarted(output);
  if (message !== null) return { kind: "not_started", message };
  return { kind: "ran", exit: output.exit, output: output.stdout + output.stderr };
}

/** A way out for one command; null where nothing keeps it in. */
function openEgress({ sandbox, sockets }: CommandParts, reach: Reach) {
  if (!sandbox.closesNetwork) return null;
  const dir = sockets.open();
  const listen = listenFor(sandbox.mode, dir, "egress");
  // A gate that fails says itself what it could not reach.
  const proxy = openEgressProxy({ listen, reach, onRefused: () => undefined });
  return {
    proxy,
    close: async () => {
      await proxy.close();
      sockets.close(dir);
    },
  };
}

/** What says that the command never ran, as a sentence; null when it ran. */
function whyNotStarted({ exit, stdout, stderr }: RunOutput): string | null {
  // Inside, everything is said on standard output; what stands on standard error comes from the sandbox.
  const said = stderr.trim();
  if (said.startsWith("bwrap:") || (exit.code === CANNOT_START && stdout === "" && said !== ""))
    return `The sandbox could not be started: ${said.slice(0, 500)}`;
  return null;
}
