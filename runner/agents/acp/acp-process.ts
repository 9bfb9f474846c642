/** One agent program in the run's sandbox that is spoken to by lines. */
import { mkdir } from "node:fs/promises";
import type { Result } from "../../../protocol/error.ts";
import type { ManagedProcess } from "../../process/process.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { AgentSpec } from "../driver.ts";
import type { AcpProgram } from "./acp-program.ts";
import { MESSAGE_CHARS_MAX } from "./acp-wire.ts";

const INSIDE_DIR = "/opt/agent";
const STDERR_BYTES_MAX = 64 * 1024;

export type AcpStart = {
  sandbox: Sandbox;
  owner: string;
  program: AcpProgram;
  /** Its native program, from `findNativeProgram`. */
  binary: string;
};

/** Fails with `unsupported` when it cannot be started at all. */
export async function startAcpProcess(
  spec: AgentSpec,
  { sandbox, owner, program, binary }: AcpStart,
  onLine: (line: string) => void,
): Promise<Result<ManagedProcess>> {
  for (const dir of [spec.home, spec.tmp]) await mkdir(dir, { recursive: true, mode: 0o700 });
  const { mode } = sandbox;
  const inside = `${INSIDE_DIR}/${program.layout.command}`;
  return sandbox.start(
    {
      ...{ mode, runId: spec.runId, owner, cwd: spec.cwd, takesInput: true, network: "none" },
      env: {
        ...sandbox.environment({ home: spec.home, tmp: spec.tmp }),
        ...program.environment(spec, mode),
      },
      readOnly: spec.readOnly,
      readWrite: [...new Set([spec.home, spec.tmp, ...spec.readWrite])],
      bindAs: [{ from: binary, to: inside, writable: false }, ...(spec.bindAs ?? [])],
      hide: spec.hide,
      sockets: [spec.gateway.reachable, spec.tools.reachable],
    },
    [mode === "bwrap" ? inside : binary, ...program.arguments],
    {
      stdout: { onLine, lineCharsMax: MESSAGE_CHARS_MAX },
      stderr: { bytesMax: STDERR_BYTES_MAX },
    },
  );
}
