import {
  configArguments,
  gitEnvironment,
  gitOutputBytesMax,
  gitTimeoutMs,
  hardenedConfig,
} from "./git.ts";
import { readingFilter } from "./lfs/filter.ts";
import { shellWord } from "../process/shell-word.ts";
import type { SandboxCommand, SandboxedExec } from "./exec.ts";
import type { GitRun } from "./git.ts";
import type { RunRepository } from "./run-repo.ts";

/** Where git runs inside a sandbox; a home that does not exist, so no settings are found. */
const sandboxPath = "/usr/local/bin:/usr/bin:/bin";
const nowhere = "/nonexistent";

/** The private repository lives for one save; what counts is written to disk by the store's fetch. */
const shortLived = { "core.fsync": "none" };

export type SandboxedGitRequest = {
  readonly args: readonly string[];
  readonly indexFile?: string;
  readonly workTree?: string;
  readonly stdin?: Uint8Array | string;
  readonly env?: Readonly<Record<string, string>>;
  readonly config?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
};

/** Git on the run's private GIT_DIR with the agent's tree, inside the run's sandbox: the tree is not writable. */
export async function runSandboxedGit(
  sandbox: SandboxedExec,
  run: RunRepository,
  request: SandboxedGitRequest,
): Promise<GitRun> {
  const command = sandboxCommand(run, {
    GIT_DIR: run.gitDir,
    GIT_WORK_TREE: request.workTree ?? run.treeDir,
    ...(request.indexFile === undefined ? {} : { GIT_INDEX_FILE: request.indexFile }),
    ...request.env,
  });
  const filter = readingFilter(run.rig);
  const result = await sandbox.run(
    [
      "git",
      ...configArguments({
        ...hardenedConfig,
        ...shortLived,
        ...filter.config,
        ...request.config,
      }),
      ...request.args,
    ],
    {
      ...command,
      cwd: request.workTree ?? run.treeDir,
      timeoutMs: request.timeoutMs ?? filter.timeoutMs ?? gitTimeoutMs,
      outputBytesMax: gitOutputBytesMax,
      ...(request.stdin === undefined ? {} : { stdin: request.stdin }),
    },
  );
  const { exit } = result;
  return {
    ok: exit.code === 0 && !exit.timedOut && !exit.outputExceeded,
    code: exit.code,
    result,
    text: new TextDecoder().decode(result.stdout),
  };
}

/** Hands `fetch` the value of `--upload-pack` with which it reads the run's private repository from inside its sandbox. */
export async function withSandboxedUploadPack<T>(
  sandbox: SandboxedExec,
  run: RunRepository,
  fetch: (uploadPack: string) => Promise<T>,
): Promise<T> {
  const { argv, leave } = await sandbox.wrap(
    ["git", ...configArguments(hardenedConfig), "upload-pack"],
    sandboxCommand(run, {}),
  );
  try {
    return await fetch(argv.map(shellWord).join(" "));
  } finally {
    await leave();
  }
}

function sandboxCommand(run: RunRepository, env: Readonly<Record<string, string>>): SandboxCommand {
  return {
    cwd: run.treeDir,
    env: { ...gitEnvironment(nowhere, sandboxPath), GIT_CONFIG_GLOBAL: "/dev/null", ...env },
    readOnly: [run.treeDir, run.rig.mirrorDir],
    readWrite: [run.gitDir],
  };
}
