/** A town as a process of the sources, without the wrapper: `main.ts up --json`. */
import { join } from "node:path";

export interface Up {
  pid: number;
  ready: { event: string; url: string; login: string; version: string };
  exited: Promise<number>;
  /** Ends it and waits; may be called again. */
  stop(): Promise<void>;
}

const main = join(import.meta.dir, "..", "..", "..", "main.ts");

export async function startUp(dataDir: string, arguments_: readonly string[]): Promise<Up> {
  const child = Bun.spawn(
    [
      process.execPath,
      main,
      "up",
      "--data",
      dataDir,
      "--port",
      "0",
      "--no-open",
      "--json",
      ...arguments_,
    ],
    {
      env: { ...process.env, XDG_CONFIG_HOME: join(dataDir, "config") },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the town ended before it was ready: ${text}`);
    text += decoder.decode(value, { stream: true });
  }
  return {
    pid: child.pid,
    ready: JSON.parse(text.split("\n")[0] ?? "") as Up["ready"],
    exited: child.exited,
    async stop() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}
