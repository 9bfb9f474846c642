import type {
  Exec,
  ExecOptions,
  ExecResult,
  SandboxCommand,
  SandboxedExec,
} from "../../runner/git/exec.ts";

const stderrCharsMax = 4000;

/** Runs programs with Bun.spawn, within the limits of the port. */
export const testExec: Exec = { run: spawned };

/** Plain bubblewrap: no network, nothing but the named paths and the system's programs. */
export const testSandbox: SandboxedExec = {
  run: (argv, options) => spawned(wrapped(argv, options), { ...options, cwd: "/" }),
  wrap: (argv, command) => Promise.resolve(wrapped(argv, command)),
};

function wrapped(
  argv: readonly string[],
  { cwd, env, readOnly, readWrite }: SandboxCommand,
): string[] {
  return [
    "bwrap",
    ...["--die-with-parent", "--new-session", "--unshare-all", "--cap-drop", "ALL", "--clearenv"],
    ...Object.entries(env).flatMap(([key, value]) => ["--setenv", key, value]),
    ...[
      "--ro-bind",
      "/usr",
      "/usr",
      "--symlink",
      "usr/bin",
      "/bin",
      "--symlink",
      "usr/lib",
      "/lib",
      "--symlink",
      "usr/lib64",
      "/lib64",
    ],
    ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"],
    ...readOnly.flatMap((path) => ["--ro-bind", path, path]),
    ...readWrite.flatMap((path) => ["--bind", path, path]),
    ...["--chdir", cwd, "--"],
    ...argv,
  ];
}

async function spawned(argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
  const child = Bun.spawn([...argv], {
    cwd: options.cwd,
    env: { ...options.env },
    stdin: options.stdin === undefined ? "ignore" : Buffer.from(options.stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, options.timeoutMs);
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).bytes(),
    new Response(child.stderr).text(),
  ]);
  await child.exited;
  clearTimeout(timer);
  const outputExceeded = stdout.byteLength > options.outputBytesMax;
  const signal = child.signalCode === null ? null : String(child.signalCode);
  return {
    exit: { code: signal === null ? child.exitCode : null, signal, timedOut, outputExceeded },
    stdout: stdout.slice(0, options.outputBytesMax),
    stderr: stderr.slice(0, stderrCharsMax),
  };
}
