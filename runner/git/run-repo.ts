import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { CopiedFile } from "../../protocol/entities/rig-environment.ts";
import { hasAnswered, type Git } from "./git.ts";
import { gitFailed } from "./git-errors.ts";
import { writingFilter } from "./lfs/filter.ts";
import { fetchArguments, hasCommit, type RigRepository } from "./mirror.ts";
import { runBranch, safeId } from "./names.ts";
import { failure, type Outcome } from "./outcome.ts";
import { createOwned, namesIn, type OwnedRoot } from "./paths.ts";
import { isOid, type Oid } from "./porcelain.ts";

const identitySchema = z.object({ name: z.string().min(1), email: z.string().min(1) });
export type Identity = z.infer<typeof identitySchema>;

/** Who a run's commits are by: the person as author, the agent as committer and co-author. */
const attributionSchema = z.object({ author: identitySchema, committer: identitySchema });
export type Attribution = z.infer<typeof attributionSchema>;

const oidSchema = z.string().refine(isOid);

const runRecordSchema = z.object({
  beadId: z.string(),
  runId: z.string(),
  rigId: z.string(),
  base: oidSchema,
  start: oidSchema,
  /** The saved work that it goes on from. */
  continues: oidSchema.nullable().default(null),
  targetBranch: z.string(),
  /** Where files of the host were put; git never sees them. */
  copied: z.array(z.string()).default([]),
  /** Its tree has the contents of what Git LFS keeps, as far as the mirror has them. */
  contents: z.boolean().default(false),
  attribution: attributionSchema,
});
export type RunRecord = z.infer<typeof runRecordSchema>;

/** A run's own repository: `treeDir` is the agent's, with its own `.git`; the rest is the runner's. */
export type RunRepository = RunRecord & {
  readonly root: OwnedRoot;
  readonly rig: RigRepository;
  readonly branch: string;
  readonly dir: string;
  readonly treeDir: string;
  readonly homeDir: string;
  readonly tmpDir: string;
  /** GIT_DIR of the runner's saves; not bound into the agent's sandbox. */
  readonly gitDir: string;
};

export type NewRun = {
  readonly beadId: string;
  readonly runId: string;
  /** What the work is compared with and must descend from. */
  readonly base: Oid;
  /** What is checked out: the base, or saved work that continues on it. */
  readonly start?: Oid;
  /** The saved work in it. */
  readonly continues?: Oid | null;
  readonly targetBranch: string;
  /** Files of the host that are put into the tree. */
  readonly copies?: readonly CopiedFile[];
  /** Contents instead of pointers, where Git LFS keeps them and the mirror has them. */
  readonly contents?: boolean;
  readonly attribution: Attribution;
};

const recordName = "run.json";
/** Where trees wait for their run, and stay when they have one. */
export const WARM_FOLDER = "warm";

/**
 * Makes the run's repository and checks its branch out. Repeating the call after a crash is safe: a
 * finished one is returned as it is, an unfinished one (no agent has seen it) is built again.
 * Errors: unknown_base.
 */
export async function createRunRepository(
  git: Git,
  root: OwnedRoot,
  rig: RigRepository,
  wish: NewRun,
): Promise<Outcome<{ run: RunRepository }>> {
  const owned = await createOwned(root, ["runs", safeId(wish.runId)], "run");
  if (!owned.ok) return owned;
  const record = recordOf(rig, wish);
  const run = assemble(root, rig, owned.path, record);
  const finished = await openRunRepository(root, rig, wish.runId);
  if (finished.ok) return finished;
  const made = await initTree(git, run, run.branch);
  if (!made.ok) return made;
  const agentDir = join(run.treeDir, ".git");
  const borrowed = await borrowObjects(git, run, agentDir);
  if (!borrowed.ok) return borrowed;
  await configure(run, agentDir, made.config);
  await ignoreCopied(run, agentDir);
  const checkedOut = await checkOut(git, run, agentDir);
  if (!checkedOut.ok) return checkedOut;
  await writeRecord(run.dir, record);
  return { ok: true, run };
}

export function recordOf(rig: RigRepository, wish: NewRun): RunRecord {
  const { start = wish.base, continues = null, copies = [], contents = false, ...rest } = wish;
  const copied = copies.map(({ to }) => to);
  return { ...rest, rigId: rig.rigId, start, continues, copied, contents };
}

/** Makes the folders of a tree with an empty repository in it. @returns the settings that git gave it */
export async function initTree(
  git: Git,
  place: Pick<RunRepository, "treeDir" | "homeDir" | "tmpDir">,
  branch: string,
): Promise<Outcome<{ config: string }>> {
  const { treeDir, homeDir, tmpDir } = place;
  for (const dir of [treeDir, homeDir, tmpDir]) await mkdir(dir, { recursive: true, mode: 0o700 });
  const init = await git.run({
    args: ["init", "--quiet", "--template=", `--initial-branch=${branch}`, treeDir],
  });
  if (!init.ok) return gitFailed(init, "making the run's repository");
  return { ok: true, config: await readFile(join(treeDir, ".git", "config"), "utf8") };
}

/** The last step: from now on the run's repository is found again. */
export async function writeRecord(dir: string, record: RunRecord): Promise<void> {
  const beside = join(dir, `${recordName}.new`);
  await writeFile(beside, JSON.stringify(record), { flush: true, mode: 0o600 });
  await rename(beside, join(dir, recordName));
}

/** Finds a run's finished repository again, after a restart. Error: `not_owned` where there is none. */
export async function openRunRepository(
  root: OwnedRoot,
  rig: RigRepository,
  runId: string,
): Promise<Outcome<{ run: RunRepository }>> {
  const dir = await folderOf(root, runId);
  if (dir === null)
    return failure("not_owned", `Run ${runId} has no repository here.`, "Start a new run.");
  const record = await readRecord(dir);
  if (record === null || record.runId !== runId || record.rigId !== rig.rigId) {
    return failure(
      "not_owned",
      `The record of run ${runId} cannot be read or belongs to another rig.`,
      "Keep the folder and look at it.",
    );
  }
  return { ok: true, run: assemble(root, rig, dir, record) };
}

/** The folder of a finished repository: its own, or one that waited for the run. */
async function folderOf(root: OwnedRoot, runId: string): Promise<string | null> {
  const own = join(root.path, "runs", safeId(runId));
  if ((await stat(join(own, recordName)).catch(() => null)) !== null) return own;
  const warm = join(root.path, WARM_FOLDER);
  for (const name of await namesIn(warm))
    if ((await readRecord(join(warm, name)))?.runId === runId) return join(warm, name);
  return null;
}

/** The runs of a rig that have a finished repository here. One whose record cannot be read is nobody's: it stays. */
export async function runsOfRig(root: OwnedRoot, rigId: string): Promise<string[]> {
  const found: string[] = [];
  for (const all of [join(root.path, "runs"), join(root.path, WARM_FOLDER)])
    for (const name of await namesIn(all)) {
      const record = await readRecord(join(all, name));
      if (record?.rigId === rigId) found.push(record.runId);
    }
  return found;
}

/** Null where there is none, or none that can be read. */
async function readRecord(dir: string): Promise<RunRecord | null> {
  const text = await readFile(join(dir, recordName), "utf8").catch(() => "");
  return text === "" ? null : (runRecordSchema.safeParse(parsedJson(text)).data ?? null);
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A disk may have kept half of it.
    return null;
  }
}

export function assemble(
  root: OwnedRoot,
  rig: RigRepository,
  dir: string,
  record: RunRecord,
): RunRepository {
  return {
    ...record,
    root,
    rig,
    branch: runBranch(record.beadId, record.runId),
    dir,
    treeDir: join(dir, "tree"),
    homeDir: join(dir, "home"),
    tmpDir: join(dir, "tmp"),
    gitDir: join(dir, "gitdir"),
  };
}

/**
 * Gives a repository the run's objects: those of the mirror by borrowing, those that only the store
 * has (saved work, an integration ref) by fetch, because the store is outside every sandbox.
 */
export async function borrowObjects(
  git: Git,
  run: Pick<RunRepository, "rig" | "base" | "start">,
  gitDir: string,
): Promise<Outcome<object>> {
  const info = join(gitDir, "objects", "info");
  await mkdir(info, { recursive: true });
  await writeFile(join(info, "alternates"), `${join(run.rig.mirrorDir, "objects")}\n`);
  for (const oid of new Set([run.base, run.start])) {
    const known = await hasCommit(git, gitDir, oid);
    if (!known.ok) return known;
    if (known.yes) continue;
    const fetched = await git.run({ gitDir, args: [...fetchArguments, run.rig.storeDir, oid] });
    if (!hasAnswered(fetched)) return gitFailed(fetched, `fetching ${oid}`);
    const held = await hasCommit(git, gitDir, oid);
    if (!held.ok) return held;
    if (!held.yes) {
      return failure(
        "unknown_base",
        `Neither the mirror nor the store of the rig has ${oid}.`,
        "Fetch the rig and choose the base again.",
        { retryable: true },
      );
    }
  }
  return { ok: true };
}

/** Lets a repository of the run's tree ignore what was copied into it. */
export async function ignoreCopied(run: RunRepository, gitDir: string): Promise<void> {
  if (run.copied.length === 0) return;
  await mkdir(join(gitDir, "info"), { recursive: true });
  const lines = run.copied.map((path) => `/${path.replace(/[\\*?[ ]/g, "\\$&")}\n`);
  await writeFile(join(gitDir, "info", "exclude"), lines.join(""));
}

/** Settings of the run's repository, after those that git gave it. Written at once: a process for each takes longer. */
export async function configure(run: RunRepository, gitDir: string, given: string): Promise<void> {
  const { author, committer } = run.attribution;
  const settings: Record<string, Record<string, string>> = {
    gc: { auto: "0" },
    maintenance: { auto: "false" },
    user: { ...committer },
    author: { ...author },
    committer: { ...committer },
    commit: { gpgSign: "false" },
    advice: { detachedHead: "false" },
    'remote "origin"': {
      url: run.rig.mirrorDir,
      fetch: "+refs/remotes/origin/*:refs/remotes/origin/*",
      // Only the runner pushes; where nothing isolates, this still makes an agent's push fail.
      pushUrl: "/dev/null/pushing-is-done-by-the-runner",
    },
  };
  for (const [name, value] of Object.entries(writingFilter(run.rig, run.contents).config ?? {}))
    (settings['filter "lfs"'] ??= {})[name.slice(name.lastIndexOf(".") + 1)] = value;
  const lines = Object.entries(settings).flatMap(([section, values]) => [
    `[${section}]`,
    ...Object.entries(values).map(([key, value]) => `\t${key} = ${quoted(value)}`),
  ]);
  const beside = join(gitDir, "config.new");
  await writeFile(beside, `${given}${lines.join("\n")}\n`);
  await rename(beside, join(gitDir, "config"));
}

/** As git reads it in a file. */
function quoted(value: string): string {
  const escaped = value.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
  return `"${escaped.replaceAll("\n", "\\n").replaceAll("\t", "\\t")}"`;
}

async function checkOut(git: Git, run: RunRepository, gitDir: string): Promise<Outcome<object>> {
  const filter = writingFilter(run.rig, run.contents);
  const commands = [
    ["update-ref", `refs/heads/${run.branch}`, run.start],
    ["symbolic-ref", "HEAD", `refs/heads/${run.branch}`],
    ["update-ref", `refs/remotes/origin/${run.targetBranch}`, run.base],
    ["reset", "--quiet", "--hard", run.start],
  ];
  for (const args of commands) {
    const done = await git.run({ gitDir, workTree: run.treeDir, args, ...filter });
    if (!done.ok) return gitFailed(done, "checking out the run's branch");
  }
  return { ok: true };
}
