/** The town's own runner: a child process that joins by the socket like any other, started again when it ends. */
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { DRAIN_GRACE_MS_MAX } from "../../protocol/index.ts";
import type { Log } from "../../server/core.ts";
import { ownProgram } from "./own-program.ts";

const RESTART_FIRST_MS = 500;
const RESTART_LAST_MS = 30_000;
/** One that ran this long was well: the next back-off begins anew. */
const WELL_AFTER_MS = 60_000;
/** A runner saves its agents' work before it ends; then it is killed. */
const STOP_DEADLINE_MS = DRAIN_GRACE_MS_MAX + 20_000;

export interface LocalRunnerOptions {
  /** Where the runner reaches the town. */
  url: string;
  /** Makes the token of one start: each is good once. */
  newToken(): string;
  /** The town's: the runner works in its folder `runner`. */
  dataDir: string;
  slots: number;
  log: Log;
  /** Command line of this program; found by itself unless given. */
  program?: readonly string[];
}

export interface LocalRunner {
  /** Lets it save its work and waits until it has ended. */
  stop(): Promise<void>;
}

export function superviseRunner(options: LocalRunnerOptions): LocalRunner {
  const stopping = new AbortController();
  let child: Bun.Subprocess<"pipe", number, number> | null = null;
  const run = async (): Promise<void> => {
    let backoffMs = RESTART_FIRST_MS;
    while (!stopping.signal.aborted) {
      const startedMs = performance.now();
      child = start(options);
      options.log.info({ pid: child.pid }, "local runner started");
      const code = await child.exited;
      if (stopping.signal.aborted) return;
      if (performance.now() - startedMs > WELL_AFTER_MS) backoffMs = RESTART_FIRST_MS;
      options.log.warn(
        { code, signal: child.signalCode, backoffMs },
        "local runner ended; it is started again",
      );
      await pause(backoffMs, stopping.signal);
      backoffMs = Math.min(backoffMs * 2, RESTART_LAST_MS);
    }
  };
  const ended = run();
  return {
    async stop() {
      stopping.abort();
      child?.kill("SIGTERM");
      const deadline = setTimeout(() => child?.kill("SIGKILL"), STOP_DEADLINE_MS);
      await ended;
      clearTimeout(deadline);
    },
  };
}

/**
 * The token goes through standard input, whose end also tells the runner that its town is gone.
 * What it prints goes to a log of its own.
 */
function start(options: LocalRunnerOptions): Bun.Subprocess<"pipe", number, number> {
  const logs = join(options.dataDir, "logs");
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const out = openSync(join(logs, "runner.out"), "a", 0o600);
  try {
    const child = Bun.spawn(
      [
        ...(options.program ?? ownProgram()),
        "runner",
        "--local",
        "--town",
        options.url,
        "--data",
        options.dataDir,
        "--slots",
        String(options.slots),
      ],
      { stdin: "pipe", stdout: out, stderr: out },
    );
    void child.stdin.write(`${options.newToken()}\n`);
    void child.stdin.flush();
    return child;
  } finally {
    closeSync(out);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}
