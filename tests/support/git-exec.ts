import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Exec, SandboxedExec } from "../../runner/git/exec.ts";
import { markOwner } from "../../runner/process/mark.ts";
import { execInSandbox, execOnHost } from "../../runner/sandbox/exec-ports.ts";
import { probeIsolation } from "../../runner/sandbox/probe.ts";
import { Sandbox } from "../../runner/sandbox/sandbox.ts";

const owner = markOwner(tmpdir());

/** The runner's own way to run programs outside any sandbox. */
export const testExec: Exec = execOnHost({ owner, subject: "git-test" });

/** The runner's own sandbox: bubblewrap must work here, or the tests of hostile trees mean nothing. */
export const testSandbox: SandboxedExec = execInSandbox({
  sandbox: await openSandbox(),
  owner,
  runId: "git-test",
  hide: [],
});

async function openSandbox(): Promise<Sandbox> {
  const isolation = await probeIsolation(owner);
  if (isolation.mode !== "bwrap") throw new Error(isolation.reason);
  // Brought into every sandbox, used by none of the commands here: the sources serve as they lie.
  const toolbox = {
    runtime: process.execPath,
    compiled: false,
    entry: fileURLToPath(new URL("../../runner/sandbox/entry.ts", import.meta.url)),
    binDir: dirname(process.execPath),
    gitConfig: "/dev/null",
  };
  return new Sandbox({ isolation, toolbox, hostPath: process.env["PATH"] ?? "" });
}
