// A runner in small, to be killed: starts a sandbox with a few processes, says so, and waits for ever.
import { prepareToolbox } from "../../../runner/sandbox/toolbox.ts";
import { probeIsolation } from "../../../runner/sandbox/probe.ts";
import { Sandbox } from "../../../runner/sandbox/sandbox.ts";
import { openUserWorld } from "./stage.ts";
import type { SandboxSpec } from "../../../runner/sandbox/sandbox-spec.ts";

const { mode, dataDir, spec } = JSON.parse(process.argv[2] ?? "{}") as {
  mode: string;
  dataDir: string;
  spec: SandboxSpec;
};
const { sandbox } = mode === "user" ? await openUserWorld(dataDir) : await openBareWorld();
const started = await sandbox.start(
  spec,
  ["sh", "-c", "sleep 60 & sh -c 'sleep 60; :' & echo inside; wait"],
  {
    stdout: { onLine: (line) => process.stdout.write(`${line}\n`) },
  },
);
if (!started.ok) throw new Error(started.error.message);
await started.value.exited;

async function openBareWorld(): Promise<{ sandbox: Sandbox }> {
  const isolation =
    mode === "bwrap"
      ? await probeIsolation(spec.owner)
      : { mode: "none" as const, reason: "asked for" };
  const toolbox = await prepareToolbox(`${dataDir}/toolbox`, {
    runtime: process.execPath,
    compiled: false,
  });
  return { sandbox: new Sandbox({ isolation, toolbox, hostPath: "/usr/bin:/bin" }) };
}
