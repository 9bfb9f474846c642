// A town as a person starts it: `./gastown up --json …` as a process, ended with all it started at the end of the scope.
import { dirname, join } from "node:path";

/** The first line that `gastown up --json` prints. */
export interface Ready {
  event: "ready";
  url: string;
  login: string;
  version: string;
}

export interface TownProcess extends AsyncDisposable {
  pid: number;
  ready: Ready;
  /** Lines of stdout after the first, as they come. */
  lines: string[];
  /** Everything written to stderr so far. */
  stderr(): string;
  /** The exit code; null when a signal ended it. */
  exited: Promise<number | null>;
  /** Sends a signal to the town alone. */
  signal(name: "SIGTERM" | "SIGINT" | "SIGKILL"): void;
}

export const repositoryRoot = dirname(dirname(import.meta.dir));

export interface TownOptions {
  args: readonly string[];
  env?: Record<string, string>;
  /** The checkout whose wrapper runs; this one unless given. */
  checkout?: string;
  /** Begins the command line: what the wrapper is to be started by. */
  within?: readonly string[];
  /** How long it may take to be ready, installing included. */
  readyTimeoutMs?: number;
}

/** Starts a town on a free port and waits until it is ready. Throws with its stderr when it ends before. */
export async function startTown(options: TownOptions): Promise<TownProcess> {
  const wrapper = join(options.checkout ?? repositoryRoot, "gastown");
  const line = [...(options.within ?? []), wrapper, "up", "--json", "--no-open", "--port", "0"];
  const child = Bun.spawn([...line, ...options.args], {
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  const errors = eachChunk(child.stderr, (text) => (stderr += text));
  const lines: string[] = [];
  const first = Promise.withResolvers<string>();
  const output = eachLine(child.stdout, (line) => {
    lines.push(line);
    first.resolve(line);
  });
  const ended = Promise.all([child.exited, output, errors]).then(([code]) => {
    first.reject(new Error(`the town ended with ${code} before it was ready:\n${stderr}`));
    return child.signalCode === null ? code : null;
  });
  const timeout = AbortSignal.timeout(options.readyTimeoutMs ?? 60_000);
  timeout.addEventListener("abort", () =>
    first.reject(new Error(`the town is not ready:\n${stderr}`)),
  );
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const grace = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(grace);
  };
  try {
    const ready = JSON.parse(await first.promise) as Ready;
    lines.shift();
    return {
      pid: child.pid,
      ready,
      lines,
      stderr: () => stderr,
      exited: ended,
      signal: (name) => child.kill(name),
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function eachChunk(
  stream: ReadableStream<Uint8Array>,
  take: (text: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) take(decoder.decode(chunk, { stream: true }));
}

async function eachLine(
  stream: ReadableStream<Uint8Array>,
  take: (line: string) => void,
): Promise<void> {
  let rest = "";
  await eachChunk(stream, (text) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) take(line);
  });
  if (rest !== "") take(rest);
}
