// Runs a tool of node_modules/.bin under the Bun that runs this script, so that no other runtime is needed.
import { join } from "node:path";

export interface ToolRun {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** How long a tool may take before it counts as hung: several times what the slowest needs. */
const toolTimeoutMs = 180_000;

/** `toolsRoot` holds node_modules; `cwd` is the tree the tool looks at. */
export async function runTool(
  toolsRoot: string,
  tool: string,
  args: readonly string[],
  cwd: string,
): Promise<ToolRun> {
  const child = Bun.spawn(
    [process.execPath, "--bun", join(toolsRoot, "node_modules", ".bin", tool), ...args],
    {
      cwd,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: toolTimeoutMs,
      env: toolEnv(),
    },
  );
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { exitCode, stdout, stderr };
}

function toolEnv(): Record<string, string | undefined> {
  return { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };
}

/** The lines of a tool's output that are not blank. */
export function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}
