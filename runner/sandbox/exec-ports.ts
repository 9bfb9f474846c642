/** The ports through which the git code runs programs, on the process layer and on sandboxes. */
import type { Exec, ExecOptions, ExecResult, SandboxCommand, SandboxedExec } from "../git/exec.ts";
import { markOf } from "../process/mark.ts";
import { run, type RunOutput } from "../process/process.ts";
import { signalFromCode, type Sandbox } from "./sandbox.ts";
import type { SandboxSpec } from "./sandbox-spec.ts";

const STDERR_CHARS_MAX = 4_000;

/** Runs trusted programs outside any sandbox. `subject` is a run id, or a word for work outside runs. */
export function execOnHost({ owner, subject }: { owner: string; subject: string }): Exec {
  return {
    run: async (argv, options) =>
      toExecResult(
        await run(argv, {
          ...runOptions(options),
          cwd: options.cwd,
          env: options.env,
          ...(options.handed === undefined ? {} : { handed: options.handed }),
          mark: markOf(owner, subject),
        }),
      ),
  };
}

/**
 * Runs short programs on an agent's files, without network and without the small parent: they end with the runner
 * by the sandbox's own means.
 */
export function execInSandbox(options: {
  sandbox: Sandbox;
  owner: string;
  runId: string;
  hide: readonly string[];
}): SandboxedExec {
  const { sandbox, owner, runId, hide } = options;
  const specOf = (command: SandboxCommand): SandboxSpec => ({
    ...command,
    mode: sandbox.mode,
    runId,
    owner,
    hide,
    network: "none",
  });
  return {
    run: async (argv, command) => {
      const { argv: line, leave } = await sandbox.wrap(specOf(command), argv);
      const mark = markOf(owner, runId);
      try {
        return toExecResult(
          await run(line, {
            ...runOptions(command),
            ...{ cwd: "/", env: {}, mark, translateExit: signalFromCode },
          }),
        );
      } finally {
        await leave();
      }
    },
    wrap: (argv, command) => sandbox.wrap(specOf(command), argv),
  };
}

function runOptions({ timeoutMs, outputBytesMax, stdin }: ExecOptions) {
  return {
    timeoutMs,
    outputBytesMax,
    killAtLimit: true,
    ...(stdin === undefined ? {} : { input: stdin }),
  };
}

function toExecResult({ exit, stdoutBytes, stderr, truncated }: RunOutput): ExecResult {
  const { code, signal, timedOut } = exit;
  return {
    exit: { code, signal, timedOut, outputExceeded: truncated },
    stdout: stdoutBytes,
    stderr: stderr.slice(0, STDERR_CHARS_MAX),
  };
}
