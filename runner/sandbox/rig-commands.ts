/** Runs the commands of rigs in this runner's sandbox. */
import { mkdir } from "node:fs/promises";
import { GATE_OUTPUT_BYTES_MAX, STOP_GRACE_MS } from "../config.ts";
import type { RunOutput } from "../process/process.ts";
import type { CommandEnd, Commands, RigCommand } from "../works/commands.ts";
import type { Sandbox } from "./sandbox.ts";

const SHELL = ["/bin/sh", "-c"];
/** The small parent could not start the command. */
const CANNOT_START = 127;

export function sandboxCommands(options: {
  sandbox: Sandbox;
  owner: string;
  hide: readonly string[];
}): Commands {
  return { run: (command) => runCommand(options, command) };
}

async function runCommand(
  { sandbox, owner, hide }: { sandbox: Sandbox; owner: string; hide: readonly string[] },
  { runId, line, place, env: given, network, timeoutMs, signal }: RigCommand,
): Promise<CommandEnd> {
  const { treeDir, homeDir, tmpDir, readOnly } = place;
  for (const dir of [homeDir, tmpDir]) await mkdir(dir, { recursive: true, mode: 0o700 });
  const env = { ...given, ...sandbox.environment({ home: homeDir, tmp: tmpDir }), CI: "1" };
  const readWrite = [treeDir, homeDir, tmpDir];
  const spec = { mode: sandbox.mode, runId, owner, cwd: treeDir, env, readOnly, readWrite };
  const output = await sandbox.runSandboxed(
    { ...spec, hide, network },
    [...SHELL, `exec 2>&1\n${line}`],
    { timeoutMs, outputBytesMax: GATE_OUTPUT_BYTES_MAX, graceMs: STOP_GRACE_MS, signal },
  );
  const message = whyNotStarted(output);
  if (message !== null) return { kind: "not_started", message };
  return { kind: "ran", exit: output.exit, output: output.stdout + output.stderr };
}

/** What says that the command never ran, as a sentence; null when it ran. */
function whyNotStarted({ exit, stdout, stderr }: RunOutput): string | null {
  // Inside, everything is said on standard output; what stands on standard error comes from the sandbox.
  const said = stderr.trim();
  if (said.startsWith("bwrap:") || (exit.code === CANNOT_START && stdout === "" && said !== ""))
    return `The sandbox could not be started: ${said.slice(0, 500)}`;
  return null;
}
