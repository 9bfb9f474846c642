// The bare echo server as a process of its own.
import { join } from "node:path";
import { atEnd } from "../load/at-end.ts";

export interface Echo extends AsyncDisposable {
  url: string;
}

export async function serveEcho(): Promise<Echo> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "echo-server.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = atEnd(() => child.kill("SIGKILL"));
  const { value } = await child.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value));
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.exited;
      ended();
    },
  };
}
