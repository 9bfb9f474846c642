/**
 * The first process of a sandbox, and the small parent of what runs in it. It stands alone (built-in modules only),
 * because it is bound into the sandbox as this one file.
 *
 * Arguments: a JSON `EntryPlan`, then the command. It
 * - forwards loopback ports to the bound sockets, and the agent's socket to the agent's port;
 * - reads stdin, which the runner holds, line by line: `stop <graceMs>` asks the command to end, `> …` is handed to a
 *   command that takes input, as a line of it; end of file ends everything;
 * - answers with the command's exit code, or 128 + n for signal n.
 */
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
  /** Remove `BUN_BE_BUN` from the command's environment. */
  dropRuntimeFlag: boolean;
};

/** From end of file on stdin to SIGKILL. */
const ORPHAN_GRACE_MS = 2_000;
const CANNOT_START = 127;

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

/** `hand` takes what is for the command, with its line end. */
function obeyRunner(hand: (line: string) => void): void {
  const decoder = new TextDecoder();
  let rest = "";
  process.stdin.on("data", (chunk: Buffer) => {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const order = /^stop (\d+)$/.exec(line);
      if (order !== null) endAfter(Number(order[1]));
      else if (line.startsWith("> ")) hand(`${line.slice(2)}\n`);
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

async function main(): Promise<void> {
  // Meant for the command: this process stays to tell its end.
  process.on("SIGTERM", () => undefined);
  const early: string[] = [];
  let hand = (line: string) => void early.push(line);
  obeyRunner((line) => hand(line));
  await openForwards();
  let command;
  try {
    command = Bun.spawn(argv, {
      cwd: plan.cwd,
      env: commandEnvironment(),
      stdin: plan.takesInput ? "pipe" : "ignore",
      stdout: "inherit",
      stderr: "inherit",
    });
  } catch (error) {
    process.stderr.write(
      `${argv[0] ?? "(nothing)"} cannot be started: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    process.exit(CANNOT_START);
  }
  const input = command.stdin;
  hand = (line) => {
    if (input !== undefined) void give(input, line);
  };
  early.forEach(hand);
  await command.exited;
  process.exit(exitCode(command.exitCode, command.signalCode));
}

await main();
