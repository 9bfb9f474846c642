/** How a process ended. `code` is null when a signal ended it. */
export type ExecExit = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  /** True when output passed `outputBytesMax` and the process was stopped for it. */
  readonly outputExceeded: boolean;
};

export type ExecResult = {
  readonly exit: ExecExit;
  readonly stdout: Uint8Array;
  /** Decoded and cut to a few kilobytes: for messages, never for parsing of values. */
  readonly stderr: string;
};

export type ExecOptions = {
  readonly cwd: string;
  /** The whole environment of the process; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly outputBytesMax: number;
  readonly stdin?: Uint8Array | string;
  /** Read once from descriptor 3 by the program or by what it starts; it stands nowhere else. */
  readonly handed?: string;
};

/** Runs trusted programs on the runner's own files. Never throws for a program that fails. */
export type Exec = {
  run(argv: readonly string[], options: ExecOptions): Promise<ExecResult>;
};

export type SandboxedExecOptions = Omit<ExecOptions, "handed"> & {
  /** Absolute paths visible inside at the same place, not writable. */
  readonly readOnly: readonly string[];
  /** Absolute paths visible inside at the same place, writable. */
  readonly readWrite: readonly string[];
};

export type SandboxCommand = Pick<SandboxedExecOptions, "cwd" | "env" | "readOnly" | "readWrite">;

/**
 * Runs programs that read an agent's files: no network, no credentials, nothing visible but the
 * named paths and the system's programs.
 */
export type SandboxedExec = {
  run(argv: readonly string[], options: SandboxedExecOptions): Promise<ExecResult>;
  /**
   * The argv that runs `argv` in the same kind of sandbox, for a program that starts it itself; `leave` is to be called
   * when that has ended.
   */
  wrap(
    argv: readonly string[],
    command: SandboxCommand,
  ): Promise<{ argv: readonly string[]; leave: () => Promise<void> }>;
};
