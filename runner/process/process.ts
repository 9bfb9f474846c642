/**
 * The only place that starts processes. A child gets an explicit directory and environment, a process group of
 * its own, bounded output and a full exit record; it is ended by asking, waiting, then killing the group.
 */
import { closeSync, writeSync } from "node:fs";
import { refuse, type Result } from "../../protocol/error.ts";
import { BoundedOutput } from "./bounded-output.ts";
import type { ExitRecord } from "./exit-record.ts";
import { LineSplitter } from "./line-splitter.ts";
import { MARK_VARIABLE } from "./mark.ts";

/** Output nobody reads any more after the process ended is waited for at most this long. */
const DRAIN_MS = 1_000;
const LINE_CHARS_MAX = 16_384;
export const OUTPUT_BYTES_MAX_DEFAULT = 1024 * 1024;
export const STOP_GRACE_MS_DEFAULT = 3_000;

/** What to do with an output stream: keep up to a limit (middle dropped), hand over lines or bytes, or several. */
export type OutputOptions = {
  /** Nothing more is read until it resolves: the process waits when it prints on. */
  onBytes?: (bytes: Uint8Array) => Promise<void> | void;
  bytesMax?: number;
  onLine?: (line: string) => void;
  /** A longer line comes in pieces. */
  lineCharsMax?: number;
  onLimit?: () => void;
};

export type ProcessOptions = {
  cwd: string;
  /** The whole environment of the child. Nothing is inherited. */
  env: Readonly<Record<string, string>>;
  /** `markOf(...)`: how a later runner recognises the child. */
  mark: string;
  stdin?: "ignore" | "pipe";
  /** What the child, and what it starts, may read once from descriptor 3: it stands in no argument, environment or file. */
  handed?: string;
  stdout?: OutputOptions;
  stderr?: OutputOptions;
  /** How to ask the process to end; by default SIGTERM to its group. */
  ask?: (child: ManagedProcess, graceMs: number) => void;
  /** Ends what the group does not hold, before the output is waited for. */
  sweep?: () => Promise<void>;
  /** Turns the raw end into the recorded one, for a child that reports its own child's end. */
  translateExit?: (end: { code: number | null; signal: string | null }) => {
    code: number | null;
    signal: string | null;
  };
};

export type StopOptions = { graceMs: number; timedOut?: boolean };

export type RunOptions = Omit<ProcessOptions, "stdin" | "stdout" | "stderr"> & {
  timeoutMs: number;
  /** Per stream. */
  outputBytesMax?: number;
  /** Written to stdin, which is then closed. */
  input?: string | Uint8Array;
  /** Kill a process that says more than `outputBytesMax`, instead of dropping the middle. */
  killAtLimit?: boolean;
  graceMs?: number;
  signal?: AbortSignal;
};

export type RunOutput = {
  exit: ExitRecord;
  stdout: string;
  stderr: string;
  /** stdout as it came, for output that is not text. */
  stdoutBytes: Uint8Array<ArrayBuffer>;
  truncated: boolean;
};

export class ManagedProcess {
  readonly pid: number;
  /** Resolves once, after the process ended, its group was cleared and its output read. Never rejects. */
  readonly exited: Promise<ExitRecord>;
  readonly #child: Bun.Subprocess<"ignore" | "pipe", "pipe", "pipe">;
  readonly #options: ProcessOptions;
  readonly #stdout: OutputReader;
  readonly #stderr: OutputReader;
  readonly #startedNs = Bun.nanoseconds();
  #timedOut = false;
  #cancelled = false;
  #forced = false;
  #ended = false;

  constructor(child: Bun.Subprocess<"ignore" | "pipe", "pipe", "pipe">, options: ProcessOptions) {
    this.#child = child;
    this.#options = options;
    this.pid = child.pid;
    this.#stdout = new OutputReader(child.stdout, options.stdout ?? {});
    this.#stderr = new OutputReader(child.stderr, options.stderr ?? {});
    this.exited = this.#watch();
  }

  get hasExited(): boolean {
    return this.#ended;
  }
  /** Captured output so far. */
  get stdout(): string {
    return this.#stdout.text();
  }
  get stderr(): string {
    return this.#stderr.text();
  }
  get stdoutBytes(): Uint8Array<ArrayBuffer> {
    return this.#stdout.bytes();
  }
  get truncated(): boolean {
    return this.#stdout.truncated || this.#stderr.truncated;
  }

  /** Writes to stdin when it is a pipe; a child that is gone is not an error. */
  write(text: string | Uint8Array): void {
    const sink = this.#child.stdin;
    if (sink === undefined || this.#ended) return;
    void unlessGone(async () => {
      await sink.write(text);
      await sink.flush();
    });
  }

  /** Closes stdin: end of file for the child. */
  closeInput(): void {
    const sink = this.#child.stdin;
    void unlessGone(async () => void (await sink?.end()));
  }

  /** Sends a signal to the whole group. */
  signalGroup(signal: NodeJS.Signals): void {
    if (this.#ended) return;
    killGroup(this.pid, signal);
  }

  /** Asks, waits up to `graceMs`, kills the group. Safe to call twice and after the end. */
  async stop({ graceMs, timedOut = false }: StopOptions): Promise<ExitRecord> {
    if (!this.#ended) {
      this.#cancelled ||= !timedOut;
      this.#timedOut ||= timedOut;
      if (graceMs > 0) this.#ask(graceMs);
      const force = setTimeout(() => this.#force(), graceMs);
      await this.#child.exited;
      clearTimeout(force);
    }
    return this.exited;
  }

  #ask(graceMs: number): void {
    if (this.#options.ask === undefined) this.signalGroup("SIGTERM");
    else this.#options.ask(this, graceMs);
  }

  #force(): void {
    this.#forced = true;
    this.signalGroup("SIGKILL");
  }

  async #watch(): Promise<ExitRecord> {
    await this.#child.exited;
    const durationMs = Math.round((Bun.nanoseconds() - this.#startedNs) / 1e6);
    // What the leader left behind in its group must not outlive it, nor hold its output open.
    killGroup(this.pid, "SIGKILL");
    this.#ended = true;
    await this.#options.sweep?.();
    await Promise.all([this.#stdout.drained(DRAIN_MS), this.#stderr.drained(DRAIN_MS)]);
    const signalCode = this.#child.signalCode;
    const signal = signalCode === null ? null : String(signalCode);
    const raw = { code: signal === null ? this.#child.exitCode : null, signal };
    const end = this.#options.translateExit?.(raw) ?? raw;
    return {
      ...end,
      timedOut: this.#timedOut,
      cancelled: this.#cancelled,
      forced: this.#forced,
      durationMs,
    };
  }
}

/** Reads one output stream to its end, or until it is told that nobody waits any more. */
class OutputReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #captured: BoundedOutput | null;
  readonly #lines: LineSplitter | null;
  readonly #onLimit: (() => void) | undefined;
  readonly #onBytes: OutputOptions["onBytes"];
  readonly #done: Promise<void>;

  constructor(stream: ReadableStream<Uint8Array>, options: OutputOptions) {
    this.#reader = stream.getReader();
    this.#captured = options.bytesMax === undefined ? null : new BoundedOutput(options.bytesMax);
    this.#lines =
      options.onLine === undefined
        ? null
        : new LineSplitter(options.onLine, options.lineCharsMax ?? LINE_CHARS_MAX);
    this.#onLimit = options.onLimit;
    this.#onBytes = options.onBytes;
    this.#done = this.#read();
  }

  get truncated(): boolean {
    return this.#captured?.truncated ?? false;
  }

  text(): string {
    return this.#captured?.text() ?? "";
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#captured?.bytes() ?? new Uint8Array();
  }

  async drained(waitMs: number): Promise<void> {
    const timer = setTimeout(() => void this.#reader.cancel(), waitMs);
    await this.#done;
    clearTimeout(timer);
  }

  async #read(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) break;
      this.#captured?.append(value);
      if (this.truncated) this.#onLimit?.();
      this.#lines?.append(value);
      await this.#onBytes?.(value);
    }
    this.#lines?.end();
  }
}

/** Starts a process. Fails (`unsupported`) when the program cannot be started at all. */
export function startProcess(
  argv: readonly string[],
  options: ProcessOptions,
): Result<ManagedProcess> {
  try {
    const child = Bun.spawn([...argv], {
      cwd: options.cwd,
      env: { ...options.env, [MARK_VARIABLE]: options.mark },
      stdio: [
        options.stdin ?? "ignore",
        "pipe",
        "pipe",
        ...(options.handed === undefined ? [] : ["pipe" as const]),
      ],
      detached: true,
    });
    if (options.handed !== undefined) handOver(child.stdio[3], options.handed);
    return { ok: true, value: new ManagedProcess(child, options) };
  } catch (error) {
    return refuse(
      "unsupported",
      `${argv[0] ?? "(nothing)"} cannot be started: ${errorText(error)}. Install it or correct its path.`,
    );
  }
}

/** Small enough for the pipe's own buffer: nobody waits for the child to read it. */
function handOver(descriptor: number | null | undefined, text: string): void {
  if (typeof descriptor !== "number") throw new Error("the child has no descriptor 3");
  try {
    writeSync(descriptor, text);
  } catch (error) {
    // It has ended already.
    if (!(error instanceof Error && "code" in error && error.code === "EPIPE")) throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** Runs a process to its end. One that cannot be started gives code 127 with the reason in stderr, as a shell does. */
export async function run(argv: readonly string[], options: RunOptions): Promise<RunOutput> {
  const {
    timeoutMs,
    outputBytesMax: bytesMax = OUTPUT_BYTES_MAX_DEFAULT,
    input,
    graceMs = STOP_GRACE_MS_DEFAULT,
    signal,
    killAtLimit = false,
    ...rest
  } = options;
  const onLimit = () => {
    if (killAtLimit && started.ok) void started.value.stop({ graceMs: 0 });
  };
  const output = { bytesMax, onLimit };
  const started = startProcess(argv, {
    ...rest,
    stdin: input === undefined ? "ignore" : "pipe",
    stdout: output,
    stderr: output,
  });
  if (!started.ok) return cannotStart(started.error.message);
  const child = started.value;
  if (input !== undefined) {
    child.write(input);
    child.closeInput();
  }
  return finish(child, { timeoutMs, graceMs, ...(signal === undefined ? {} : { signal }) });
}

/** A child that is gone reads nothing; its end is told elsewhere. */
async function unlessGone(give: () => Promise<void>): Promise<void> {
  try {
    await give();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPIPE")) throw error;
  }
}

/** Waits for a started process within its time limit and gathers what it captured. */
export async function finish(
  child: ManagedProcess,
  { timeoutMs, graceMs, signal }: { timeoutMs: number; graceMs: number; signal?: AbortSignal },
): Promise<RunOutput> {
  const timer = setTimeout(() => void child.stop({ graceMs, timedOut: true }), timeoutMs);
  const cancel = () => void child.stop({ graceMs });
  signal?.addEventListener("abort", cancel, { once: true });
  if (signal?.aborted === true) cancel();
  const exit = await child.exited;
  clearTimeout(timer);
  signal?.removeEventListener("abort", cancel);
  return {
    exit,
    stdout: child.stdout,
    stderr: child.stderr,
    stdoutBytes: child.stdoutBytes,
    truncated: child.truncated,
  };
}

export function cannotStart(reason: string): RunOutput {
  const exit = {
    code: 127,
    signal: null,
    timedOut: false,
    cancelled: false,
    forced: false,
    durationMs: 0,
  };
  return { exit, stdout: "", stderr: reason, stdoutBytes: new Uint8Array(), truncated: false };
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: the group is already empty. EPERM: on some systems, a group of zombies only.
    if (
      !(
        error instanceof Error &&
        "code" in error &&
        (error.code === "ESRCH" || error.code === "EPERM")
      )
    )
      throw error;
  }
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
