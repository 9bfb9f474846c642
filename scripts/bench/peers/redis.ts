// Redis as durable as the town: every write is on the disk before it is answered.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { NotRun } from "../bench.ts";
import { atEnd } from "../load/at-end.ts";

export interface Redis extends AsyncDisposable {
  host: string;
  port: number;
}

const READY = "Ready to accept connections";

/** Starts one in `folder` on a free port of loopback. @throws NotRun where there is none */
export async function serveRedis(folder: string): Promise<Redis> {
  const program = Bun.which("redis-server");
  if (program === null)
    throw new NotRun("there is no Redis here; install it (Debian: apt-get install redis-server).");
  const dir = join(folder, "redis");
  await mkdir(dir);
  const host = "127.0.0.1";
  const port = freePort(host);
  const durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];
  const place = ["--bind", host, "--port", String(port), "--dir", dir];
  const child = Bun.spawn([program, ...place, ...durable], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = atEnd(() => child.kill("SIGKILL"));
  let said = "";
  const ready = Promise.withResolvers<void>();
  void child.stdout.pipeTo(
    new WritableStream({
      write(chunk) {
        said = (said + new TextDecoder().decode(chunk)).slice(-4_000);
        if (said.includes(READY)) ready.resolve();
      },
    }),
  );
  void child.exited.then(() => ready.reject(new Error(`Redis ended: ${said}`)));
  await ready.promise;
  return {
    host,
    port,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.exited;
      ended();
    },
  };
}

function freePort(hostname: string): number {
  const taken = Bun.listen({ hostname, port: 0, socket: { data: () => undefined } });
  taken.stop(true);
  return taken.port;
}
