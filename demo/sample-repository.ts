import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { projectCommits, SAMPLE_GATES } from "./project-files.ts";
import { themeOf } from "./theme.ts";

export interface SampleRepository {
  /** Absolute path of the bare repository: a rig's remote. */
  readonly bare: string;
  readonly target: "main";
  readonly gates: readonly {
    readonly name: string;
    readonly command: string;
    readonly timeoutMs: number;
  }[];
  /** A name for the rig. */
  readonly name: string;
  /** Commit at the tip of main; the same for the same seed. */
  readonly head: string;
}

/** Nothing of the starter's own settings may change an object id. */
const GIT_ENV = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  GIT_AUTHOR_NAME: "Sample Author",
  GIT_AUTHOR_EMAIL: "author@sample.invalid",
  GIT_COMMITTER_NAME: "Sample Author",
  GIT_COMMITTER_EMAIL: "author@sample.invalid",
  LC_ALL: "C",
} as const;
/** 2024-01-01 00:00 UTC in seconds; one commit an hour. */
const FIRST_COMMIT_SECONDS = 1_704_067_200;

/**
 * Makes `sample.git`, bare, in `dir` (made if it is not there) with the sample project of `seed` on main.
 * @throws when `sample.git` is there already, or git is missing or fails
 */
export async function createSampleRepository({
  dir,
  seed,
}: {
  dir: string;
  seed: number;
}): Promise<SampleRepository> {
  const bare = join(dir, "sample.git");
  if (existsSync(bare))
    throw new Error(`${bare} is there already; choose another folder for the sample repository`);
  // Closed as the town's own files are: where agents are users of the host, they would read it.
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const tree = await mkdtemp(join(dir, "sample-tree-"));
  const theme = themeOf(seed);
  try {
    await git(tree, ["init", "-q", "--initial-branch=main"]);
    for (const [index, { subject, files }] of projectCommits(theme).entries()) {
      for (const [path, text] of Object.entries(files)) await writeText(join(tree, path), text);
      await git(tree, ["add", "-A"]);
      const date = `${FIRST_COMMIT_SECONDS + index * 3600} +0000`;
      await git(tree, ["commit", "-q", "-m", subject], {
        GIT_AUTHOR_DATE: date,
        GIT_COMMITTER_DATE: date,
      });
    }
    await git(dir, ["clone", "-q", "--bare", "--no-hardlinks", tree, bare]);
    await git(bare, ["remote", "remove", "origin"]);
    return {
      bare,
      target: "main",
      gates: SAMPLE_GATES,
      name: theme.slug,
      head: (await git(bare, ["rev-parse", "main"])).trim(),
    };
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}

async function writeText(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

async function git(
  cwd: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const child = Bun.spawn(["git", ...args], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: cwd, ...GIT_ENV, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, problem, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0)
    throw new Error(`git ${args[0] ?? ""} failed with code ${code}: ${problem.trim()}`);
  return out;
}
