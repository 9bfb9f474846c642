/** One agent program in the run's sandbox that is spoken to by lines. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Result } from "../../../protocol/error.ts";
import { proxyVariables } from "../../egress/proxy.ts";
import type { ManagedProcess } from "../../process/process.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { SandboxMode } from "../../sandbox/sandbox-spec.ts";
import type { FoundProgram } from "../agent-program.ts";
import type { AgentSpec } from "../driver.ts";
import { socketsOf, STDERR_BYTES_MAX } from "../driver-parts.ts";
import type { AcpProgram } from "./acp-program.ts";
import { MESSAGE_CHARS_MAX } from "./acp-wire.ts";

const INSIDE_DIR = "/opt/agent";

export type AcpStart = {
  sandbox: Sandbox;
  owner: string;
  program: AcpProgram;
  /** Where it is, from `findAgentProgram`. */
  found: Pick<FoundProgram, "path" | "modules">;
};

/** Fails with `unsupported` when it cannot be started at all. */
export async function startAcpProcess(
  spec: AgentSpec,
  { sandbox, owner, program, found, signal }: AcpStart & { signal: AbortSignal },
  onLine: (line: string) => void,
): Promise<Result<ManagedProcess>> {
  for (const dir of [spec.home, spec.tmp]) await mkdir(dir, { recursive: true, mode: 0o700 });
  for (const [path, text] of Object.entries(program.files?.(spec) ?? {})) {
    const at = join(spec.home, path);
    await mkdir(dirname(at), { recursive: true, mode: 0o700 });
    await writeFile(at, text, { mode: 0o600 });
  }
  const egress = (await spec.egress?.opened) ?? null;
  const { mode } = sandbox;
  const { bind, command } = placed(program, found, mode);
  return sandbox.start(
    {
      ...{ mode, runId: spec.runId, owner, cwd: spec.cwd, takesInput: true, network: "none" },
      env: {
        ...spec.variables,
        ...sandbox.environment({ home: spec.home, tmp: spec.tmp }),
        ...program.environment(spec, mode),
        ...proxyVariables(mode, egress),
      },
      readOnly: spec.readOnly,
      readWrite: [...new Set([spec.home, spec.tmp, ...spec.readWrite])],
      bindAs: [bind, ...(spec.bindAs ?? [])],
      hide: spec.hide,
      sockets: socketsOf(spec, egress),
    },
    [...command, ...program.arguments],
    {
      stdout: { onLine, lineCharsMax: MESSAGE_CHARS_MAX },
      stderr: { bytesMax: STDERR_BYTES_MAX },
      signal,
    },
  );
}

/** What is bound into the sandbox, and how it is called there. A script is run by the sandbox's own `bun`. */
function placed(program: AcpProgram, { path, modules }: AcpStart["found"], mode: SandboxMode) {
  const to = `${INSIDE_DIR}/${modules === null ? program.layout.command : "node_modules"}`;
  const inside = modules === null ? to : `${to}${path.slice(modules.length)}`;
  const called = mode === "bwrap" ? inside : path;
  return {
    bind: { from: modules ?? path, to, writable: false },
    command: modules === null ? [called] : ["bun", called],
  };
}
