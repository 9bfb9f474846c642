// WeTTY: a terminal in the browser over Socket.IO, on the same shell. It runs in Node.js, as its makers do.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { io } from "socket.io-client";
import { freePort } from "../../../runner/process/free-port.ts";
import { NotRun } from "../bench.ts";
import { atEnd } from "../load/at-end.ts";
import { Heard, type ShellLine } from "../load/shell-line.ts";
import { installPeers } from "./install.ts";

/** What its own page acknowledges at once. */
const COMMIT_CHARS = 524_288;
const READY_MS_MAX = 20_000;

export interface Wetty extends AsyncDisposable {
  shell(size: { cols: number; rows: number }): Promise<ShellLine>;
}

/** @throws NotRun without Node.js, or where it would not run a shell by itself */
export async function startWetty(root: string, home: string): Promise<Wetty> {
  const node = Bun.which("node");
  if (node === null) throw new NotRun("WeTTY runs in Node.js; install it and start again.");
  if (process.getuid?.() !== 0)
    throw new NotRun("WeTTY gives a shell of its own host to root only; start the bench as root.");
  await installPeers(root, "wetty");
  const main = join(root, "bench", "node_modules", "wetty", "build", "main.js");
  await buildPty(node, join(root, "bench"));
  const port = freePort();
  const argv = [node, main, "--host", "127.0.0.1", "--port", String(port), "--command", "bash"];
  const child = Bun.spawn([...argv, "--log-level", "error"], {
    cwd: home,
    env: { PATH: process.env["PATH"] ?? "", HOME: home, NODE_ENV: "production" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = atEnd(() => child.kill("SIGKILL"));
  const url = `http://127.0.0.1:${port}`;
  await untilServed(url);
  return {
    shell: (size) => openShell(url, size),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
      ended();
    },
  };
}

/** Its terminals are native code, built once by the builder that npm has: nothing with install scripts runs by itself. */
async function buildPty(node: string, home: string): Promise<void> {
  const source = join(home, "node_modules", "node-pty");
  const built = join(source, "build", "Release", "pty.node");
  if (existsSync(built)) return;
  const asked = Bun.spawnSync(["npm", "root", "-g"], { stderr: "ignore" });
  const builder = join(
    asked.stdout.toString().trim(),
    ...["npm", "node_modules", "node-gyp", "bin", "node-gyp.js"],
  );
  if (existsSync(builder)) {
    const build = [node, builder, "rebuild", `--nodedir=${dirname(dirname(node))}`];
    await Bun.spawn(build, { cwd: source, stdio: ["ignore", "ignore", "ignore"] }).exited;
  }
  if (!existsSync(built))
    throw new NotRun("node-pty of WeTTY could not be built; it needs npm, make, g++ and Python.");
}

async function openShell(url: string, size: { cols: number; rows: number }): Promise<ShellLine> {
  const socket = io(url, {
    path: "/socket.io",
    transports: ["websocket"],
    reconnection: false,
    forceNew: true,
  });
  const heard = new Heard();
  let uncommitted = 0;
  socket.on("data", (text: string) => {
    heard.add(text);
    uncommitted += text.length;
    if (uncommitted < COMMIT_CHARS) return;
    socket.emit("commit", uncommitted);
    uncommitted = 0;
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("login", () => resolve());
    socket.once("connect_error", reject);
  });
  socket.emit("resize", size);
  return {
    get bytes() {
      return heard.bytes;
    },
    type: (text) => void socket.emit("input", text),
    until: (text) => heard.until(text),
    [Symbol.dispose]: () => void socket.close(),
  };
}

async function untilServed(url: string): Promise<void> {
  const endMs = performance.now() + READY_MS_MAX;
  for (;;) {
    try {
      await fetch(url);
      return;
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await Bun.sleep(50);
    }
  }
}
