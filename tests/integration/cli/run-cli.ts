/** Runs this program's command line as a process. */
import { join } from "node:path";

const main = join(import.meta.dir, "..", "..", "..", "main.ts");

export interface CliResult {
  code: number;
  out: string;
  err: string;
}

export interface CliOptions {
  env?: Record<string, string>;
  input?: string;
  /** Called once, when the first output has come. */
  onOutput?: () => void;
}

export async function runCli(
  arguments_: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  const child = Bun.spawn([process.execPath, main, ...arguments_], {
    env: { ...process.env, ...options.env },
    stdin: new Blob([options.input ?? ""]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const read = async (): Promise<string> => {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of child.stdout) {
      if (text === "") options.onOutput?.();
      text += decoder.decode(chunk, { stream: true });
    }
    return text;
  };
  const [out, err, code] = await Promise.all([
    read(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, out, err };
}
