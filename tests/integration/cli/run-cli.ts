/** Runs this program's command line as a process. */
import { join } from "node:path";

const main = join(import.meta.dir, "..", "..", "..", "main.ts");

export interface CliResult {
  code: number;
  out: string;
  err: string;
}

export async function runCli(
  arguments_: readonly string[],
  options: { env?: Record<string, string>; input?: string } = {},
): Promise<CliResult> {
  const child = Bun.spawn([process.execPath, main, ...arguments_], {
    env: { ...process.env, ...options.env },
    stdin: new Blob([options.input ?? ""]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, out, err };
}
