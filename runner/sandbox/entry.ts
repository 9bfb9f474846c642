/**
 * The first process of a sandbox, and the small parent of what runs in it. It stands alone (built-in modules only),
 * because it is bound into the sandbox as this one file.
 *
 * Arguments: a JSON `EntryPlan`, then the command. It
 * - forwards loopback ports to the bound sockets, and the agent's socket to the agent's port;
 * - reads stdin, which the runner holds, line by line: `stop <graceMs>` asks the command to end, `> …` is handed to a
 *   command that takes input, as a line of it; end of file ends everything;
 * - gives a command that wants one a terminal of its own: `k …` is typed (base64), `z <cols> <rows>` is its size, and
 *   what it prints goes to stdout as it comes, no faster than that is read;
 * - answers with the command's exit code, or 128 + n for signal n.
 */
import { writeSync } from "node:fs";
import { constants } from "node:os";
import { createConnection, createServer, type NetConnectOpts, type Socket } from "node:net";

type EntryPlan = {
  cwd: string;
  forwards: { port: number; socket: string }[];
  agent: { socket: string; port: number } | null;
  /** Alone in a PID namespace: everything else in it may be killed. */
  ownsNamespace: boolean;
  /** The command reads its stdin. */
  takesInput: boolean;
  /** The command gets a terminal of this size. */
  terminal: { cols: number; rows: number } | null;
  /** Remove `BUN_BE_BUN` from the command's environment. */
  dropRuntimeFlag: boolean;
};

/** From end of file on stdin to SIGKILL. */
const ORPHAN_GRACE_MS = 2_000;
const CANNOT_START = 127;
/** What a terminal still holds after its command has ended is read within this time. */
const LAST_WORDS_MS = 1_000;

const plan: EntryPlan = JSON.parse(process.argv[2] ?? "{}");
const argv = process.argv.slice(3);

/** Pipes both ways. `pipe` honours back-pressure, and half-closed connections stay half open. */
function join(near: Socket, target: NetConnectOpts): void {
  const far = createConnection({ ...target, allowHalfOpen: true });
  const drop = () => {
    near.destroy();
    far.destroy();
  };
  near.on("error", drop);
  far.on("error", drop);
  near.on("close", () => far.destroy());
  far.on("close", () => near.destroy());
  near.pipe(far);
  far.pipe(near);
}

function listen(
  address: { port: number; host: string } | { path: string },
  target: NetConnectOpts,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true }, (near) => join(near, target));
    server.on("error", reject);
    server.listen(address, resolve);
  });
}

async function openForwards(): Promise<void> {
  for (const { port, socket } of plan.forwards)
    await listen({ port, host: "127.0.0.1" }, { path: socket });
  if (plan.agent !== null)
    await listen({ path: plan.agent.socket }, { port: plan.agent.port, host: "127.0.0.1" });
}

/** Signals everything of this sandbox but this process: it handles SIGTERM itself, and kill(-1) leaves it out. */
function signalAll(signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(plan.ownsNamespace ? -1 : 0, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

function endAfter(graceMs: number): void {
  signalAll("SIGTERM");
  setTimeout(() => {
    signalAll("SIGKILL");
    process.exit(128 + constants.signals.SIGKILL);
  }, graceMs).unref();
}

/** `hand` takes what is for the command, with its line end; `steer` an order about its terminal. */
function obeyRunner(hand: (line: string) => void, steer: (order: string) => void): void {
  const decoder = new TextDecoder();
  let rest = "";
  process.stdin.on("data", (chunk: Buffer) => {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const order = /^stop (\d+)$/.exec(line);
      if (order !== null) endAfter(Number(order[1]));
      else if (line.startsWith("> ")) hand(`${line.slice(2)}\n`);
      else if (/^[kz] /.test(line)) steer(line);
    }
  });
  process.stdin.on("end", () => endAfter(ORPHAN_GRACE_MS));
  process.stdin.on("error", () => endAfter(ORPHAN_GRACE_MS));
}

function commandEnvironment(): Record<string, string | undefined> {
  const { BUN_BE_BUN: flag, ...rest } = process.env;
  return plan.dropRuntimeFlag || flag === undefined ? rest : { ...rest, BUN_BE_BUN: flag };
}

/** A command that is gone reads nothing; its end is told below. */
async function give(input: Bun.FileSink, line: string): Promise<void> {
  try {
    await input.write(line);
    await input.flush();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPIPE")) throw error;
  }
}

/** As a shell reports it. */
function exitCode(code: number | null, signal: string | number | null): number {
  const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1];
  return number === undefined ? (code ?? 1) : 128 + number;
}

/** Written whole before the next is read: the terminal, and whoever prints to it, waits for the reader. */
function writeOut(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.byteLength;) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : null;
      // Nobody reads any more: the runner is about to end this.
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") throw error;
      Bun.sleepSync(1);
    }
  }
}

/** Runs the command on a terminal of its own, which is its controlling one. Ends this process with it. */
async function runOnTerminal(
  size: { cols: number; rows: number },
  orders: { early: string[]; take: (steer: (order: string) => undefined) => void },
): Promise<never> {
  const closed = Promise.withResolvers<void>();
  const command = start(() =>
    Bun.spawn(argv, {
      cwd: plan.cwd,
      env: commandEnvironment(),
      terminal: {
        ...size,
        data: (_terminal, bytes) => writeOut(bytes),
        exit: () => closed.resolve(),
      },
    }),
  );
  const { terminal } = command;
  const steer = (order: string): undefined => {
    if (terminal === undefined || terminal.closed) return;
    const [, cols, rows] = /^z (\d+) (\d+)$/.exec(order) ?? [];
    if (cols === undefined) terminal.write(Buffer.from(order.slice(2), "base64"));
    else terminal.resize(Number(cols), Number(rows));
  };
  orders.early.forEach(steer);
  orders.take(steer);
  await command.exited;
  await Promise.race([closed.promise, Bun.sleep(LAST_WORDS_MS)]);
  process.exit(exitCode(command.exitCode, command.signalCode));
}

function start<T>(spawn: () => T): T {
  try {
    return spawn();
  } catch (error) {
    process.stderr.write(
      `${argv[0] ?? "(nothing)"} cannot be started: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    process.exit(CANNOT_START);
  }
}

async function main(): Promise<void> {
  // Meant for the command: this process stays to tell its end.
  process.on("SIGTERM", () => undefined);
  const early: string[] = [];
  let hand = (line: string) => void early.push(line);
  const earlyOrders: string[] = [];
  let steer = (order: string) => void earlyOrders.push(order);
  obeyRunner(
    (line) => hand(line),
    (order) => steer(order),
  );
  await openForwards();
  if (plan.terminal !== null)
    await runOnTerminal(plan.terminal, { early: earlyOrders, take: (other) => (steer = other) });
  const command = start(() =>
    Bun.spawn(argv, {
      cwd: plan.cwd,
      env: commandEnvironment(),
      stdin: plan.takesInput ? "pipe" : "ignore",
      stdout: "inherit",
      stderr: "inherit",
    }),
  );
  const input = command.stdin;
  hand = (line) => {
    if (input !== undefined) void give(input, line);
  };
  early.forEach(hand);
  await command.exited;
  process.exit(exitCode(command.exitCode, command.signalCode));
}

await main();
