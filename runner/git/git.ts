import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isHttp, type Access, type AskAccess, type Credential } from "./access/access.ts";
import { boundConfig, helperAnswer, helperFor } from "./access/handed-credential.ts";
import type { Exec, ExecResult } from "./exec.ts";
import type { Failure, Outcome } from "./outcome.ts";

export type GitRequest = {
  /** The repository (GIT_DIR); absent for commands that need none, such as `ls-remote URL`. */
  readonly gitDir?: string;
  readonly workTree?: string;
  readonly indexFile?: string;
  readonly args: readonly string[];
  readonly config?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: Uint8Array | string;
  readonly timeoutMs?: number;
  readonly outputBytesMax?: number;
  /** The remote that it talks to, for what and for whom: the credential of its rig is asked for, where it has one. */
  readonly access?: { readonly url: string } & Access;
  /** Instead of asking: one that a person wants to have tried. */
  readonly credential?: { readonly url: string; readonly secret: Credential };
  /** For a person's own checkout: their git configuration counts (filters, line ends). */
  readonly personHome?: string;
};

export type GitRun = {
  /** Exit code 0, in time, within the output limit. */
  readonly ok: boolean;
  readonly code: number | null;
  readonly result: ExecResult;
  /** Standard output as text. */
  readonly text: string;
  /** git had the rig's credential. */
  readonly hadCredential?: boolean;
  /** Why git was not started: its rig's credential is not to be had. */
  readonly refused?: Failure;
};

export type Git = { run(request: GitRequest): Promise<GitRun> };

/**
 * Whether git has come to an end by itself, so that its exit code says something: one that was killed, ran out of time or
 * was cut off has answered nothing.
 */
export function hasAnswered({ result: { exit } }: GitRun): boolean {
  return exit.code !== null && !exit.timedOut && !exit.outputExceeded;
}

/** Deadline of one git command; network commands pass a longer one. */
export const gitTimeoutMs = 60_000;
/** Deadline of a command that talks to a remote. */
export const gitNetworkTimeoutMs = 600_000;
/** A remote that says nothing for so long is out of reach: it would hold a run until the deadline. */
export const gitStallSeconds = 60;
/** Standard output kept of one command. */
export const gitOutputBytesMax = 64 * 1024 * 1024;

/** Settings of every git process of the runner, as command scope: a local receive-pack, being the remote's own process, does not inherit them, so a person's server hooks still run. */
export const hardenedConfig: Readonly<Record<string, string>> = {
  "core.hooksPath": "/dev/null",
  "core.fsmonitor": "false",
  "core.pager": "cat",
  "core.untrackedCache": "false",
  "core.quotePath": "false",
  "core.attributesFile": "/dev/null",
  "core.excludesFile": "/dev/null",
  "protocol.allow": "never",
  "protocol.file.allow": "always",
  "protocol.http.allow": "always",
  "protocol.https.allow": "always",
  "protocol.ssh.allow": "always",
  "protocol.ext.allow": "never",
  "credential.helper": "",
  "gc.auto": "0",
  "maintenance.auto": "false",
  "advice.detachedHead": "false",
  "push.gpgSign": "false",
  "push.default": "nothing",
  "commit.gpgSign": "false",
  "submodule.recurse": "false",
  "fetch.recurseSubmodules": "false",
  "fetch.writeCommitGraph": "false",
};

/** `-c` arguments of a set of settings. */
export function configArguments(config: Readonly<Record<string, string>>): string[] {
  return Object.entries(config).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
}

/** The environment that every git process of the runner starts with. */
export function gitEnvironment(home: string, path: string): Record<string, string> {
  return {
    PATH: path,
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    LC_ALL: "C",
    TZ: "UTC",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: join(home, "gitconfig"),
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_PAGER: "cat",
    GIT_EDITOR: "false",
    GIT_ASKPASS: "",
    SSH_ASKPASS: "",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_SSH_COMMAND:
      "ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=20 -o ServerAliveCountMax=3",
  };
}

/**
 * The runner's git: its own home, no system or personal settings, no hooks, no prompts, deadlines.
 * `home` is created; its only setting is that repositories of other users on this host may be read
 * (a remote on disk may belong to somebody else; git reads that setting from files only).
 * `agentSocket` is the SSH agent offered for ssh remotes, where there is one. An http(s) remote that says nothing for
 * `stallSeconds` is given up; ssh asks by itself.
 */
export async function openGit(options: {
  readonly exec: Exec;
  readonly home: string;
  readonly path: string;
  readonly agentSocket?: string;
  readonly stallSeconds?: number;
  readonly askAccess?: AskAccess;
}): Promise<Git> {
  await mkdir(options.home, { recursive: true, mode: 0o700 });
  await writeFile(join(options.home, "gitconfig"), "[safe]\n\tdirectory = *\n", { mode: 0o600 });
  const base = gitEnvironment(options.home, options.path);
  if (options.agentSocket !== undefined) base["SSH_AUTH_SOCK"] = options.agentSocket;
  const stall = {
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": String(options.stallSeconds ?? gitStallSeconds),
  };
  return {
    run: async (request) => {
      const asked = await credentialOf(options.askAccess, request);
      if (!asked.ok) return notStarted(asked);
      return runGit(options.exec, base, options.home, {
        ...request,
        config: { ...stall, ...request.config },
        ...(asked.credential && { credential: asked.credential }),
      });
    },
  };
}

async function credentialOf(
  ask: AskAccess | undefined,
  { access, credential }: GitRequest,
): Promise<Outcome<{ credential: GitRequest["credential"] | null }>> {
  if (credential !== undefined || access === undefined || ask === undefined || !isHttp(access.url))
    return { ok: true, credential: credential ?? null };
  const { url, ...wish } = access;
  const answer = await ask(wish, url);
  if (!answer.ok) return answer;
  const secret = answer.credential;
  return { ok: true, credential: secret && { url, secret } };
}

function notStarted(refused: Failure): GitRun {
  const exit = { code: null, signal: null, timedOut: false, outputExceeded: false };
  const result = { exit, stdout: new Uint8Array(), stderr: refused.error.message };
  return { ok: false, code: null, result, text: "", refused };
}

async function runGit(
  exec: Exec,
  base: Record<string, string>,
  home: string,
  request: GitRequest,
): Promise<GitRun> {
  const env: Record<string, string> = { ...base, ...request.env };
  const config: Record<string, string> = { ...hardenedConfig, ...request.config };
  if (request.gitDir !== undefined) env["GIT_DIR"] = request.gitDir;
  if (request.workTree !== undefined) env["GIT_WORK_TREE"] = request.workTree;
  if (request.indexFile !== undefined) env["GIT_INDEX_FILE"] = request.indexFile;
  if (request.personHome !== undefined) usePersonalSettings(env, config, request.personHome);
  const { credential } = request;
  const helper = credential === undefined ? null : helperFor(credential.url);
  if (helper !== null) Object.assign(env, helper.env);
  if (helper !== null) Object.assign(config, boundConfig);
  const result = await exec.run(
    ["git", ...configArguments(config), ...(helper?.args ?? []), ...request.args],
    {
      cwd: request.workTree ?? home,
      env,
      timeoutMs: request.timeoutMs ?? gitTimeoutMs,
      outputBytesMax: request.outputBytesMax ?? gitOutputBytesMax,
      ...(request.stdin === undefined ? {} : { stdin: request.stdin }),
      ...(credential === undefined ? {} : { handed: helperAnswer(credential.secret) }),
    },
  );
  const { exit } = result;
  return {
    ok: exit.code === 0 && !exit.timedOut && !exit.outputExceeded,
    code: exit.code,
    result,
    text: new TextDecoder().decode(result.stdout),
    hadCredential: credential !== undefined,
  };
}

function usePersonalSettings(
  env: Record<string, string>,
  config: Record<string, string>,
  personHome: string,
): void {
  env["HOME"] = personHome;
  delete env["XDG_CONFIG_HOME"];
  delete env["GIT_CONFIG_GLOBAL"];
  delete env["GIT_CONFIG_NOSYSTEM"];
  delete env["GIT_ATTR_NOSYSTEM"];
  delete config["core.attributesFile"];
  delete config["core.excludesFile"];
  config["safe.directory"] = "*";
}
