/** Contents that Git LFS keeps outside of git, brought into a rig's mirror by its own program. */
import { statfsSync } from "node:fs";
import { chmod, copyFile, mkdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Holder } from "../access/access.ts";
import { gitNetworkTimeoutMs, type Git, type GitRun } from "../git.ts";
import type { RigRepository } from "../mirror.ts";
import type { Oid } from "../porcelain.ts";
import { contentPath, lfsFolder } from "./filter.ts";
import { type Pointer, pointersOf } from "./pointers.ts";

/** What of a commit's files Git LFS keeps, and is not here. */
export type Contents = {
  /** Files that are pointers in git. */
  readonly files: number;
  /** Of these, the ones that stay pointers in a tree. */
  readonly missing: readonly string[];
  readonly absence: Absence | null;
};

/** `gone`: the remote does not have them either; `program`: nothing can fetch here; `space`: there is no room; else: it may pass. */
export type Absence = {
  readonly why: "gone" | "program" | "space" | "trouble";
  readonly text: string;
};

type Kept = Pointer & { content: NonNullable<Pointer["content"]> };

const NOT_THERE: Absence = { why: "gone", text: "The remote does not have them." };
/** Left free on the mirror's disk. */
const SPARE_BYTES = 2 * 1024 ** 3;
const TEXT_CHARS_MAX = 400;
const TRANSFER: Readonly<Record<string, string>> = {
  "lfs.transfer.maxretries": "2",
  "lfs.dialtimeout": "20",
  "lfs.activitytimeout": "60",
};

export type BringContents = (rig: RigRepository, oid: Oid, run: Holder | null) => Promise<Contents>;

/**
 * Brings what the pointers of a commit or tree of the store name into the rig's mirror, as far as it is not there; one at
 * a time into each. Never an error: who works on the commit is told what it lacks.
 */
export function contentsBringer(git: Git): BringContents {
  const turns = new Map<string, Promise<unknown>>();
  return (rig, oid, run) => {
    const before = turns.get(rig.mirrorDir) ?? Promise.resolve();
    const mine = before.then(() => bringOrTell(git, rig, oid, run));
    // Who asked hears of a bug; the next in turn begins anew.
    turns.set(
      rig.mirrorDir,
      mine.catch(() => undefined),
    );
    return mine;
  };
}

/** A disk that is full, or takes nothing, is one more reason why they are not here. */
async function bringOrTell(
  git: Git,
  rig: RigRepository,
  oid: Oid,
  run: Holder | null,
): Promise<Contents> {
  try {
    return await bring(git, rig, oid, run);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const text = `They could not be kept (${String(error.code)}).`;
    return { files: 0, missing: [], absence: { why: "trouble", text } };
  }
}

async function bring(
  git: Git,
  rig: RigRepository,
  oid: Oid,
  run: Holder | null,
): Promise<Contents> {
  const listed = await pointersOf(git, rig, oid);
  if (!listed.ok)
    return { files: 0, missing: [], absence: { why: "trouble", text: listed.error.message } };
  const { pointers } = listed;
  const files = pointers.length;
  const kept = pointers.flatMap(({ path, content }) =>
    content === null ? [] : [{ path, content }],
  );
  const odd = pointers.filter(({ content }) => content === null);
  const lacking = await lackingOf(rig, kept);
  const noRoom = roomFor(rig, kept, lacking);
  if (noRoom !== null) return { files, missing: [], absence: noRoom };
  const trouble =
    lacking.length === 0 ? null : await fetchContents(git, rig, { oid, lacking, run });
  const still = await lackingOf(rig, lacking);
  const missing = [...still, ...odd].map(({ path }) => path);
  if (missing.length === 0) return { files, missing, absence: null };
  return { files, missing, absence: still.length === 0 ? NOT_THERE : absenceOf(trouble, still) };
}

/** @returns what Git LFS said when it did not bring all */
async function fetchContents(
  git: Git,
  rig: RigRepository,
  { oid, lacking, run }: { oid: Oid; lacking: readonly Kept[]; run: Holder | null },
): Promise<GitRun | null> {
  const { url } = rig.remote;
  await mkdir(lfsFolder(rig.mirrorDir), { recursive: true });
  const fetched = await git.run({
    // In the mirror, where contents are to lie; saved work, and what landed inside, only the store has. A place named by a
    // setting would be taken for that of a remote on this disk too.
    gitDir: rig.mirrorDir,
    env: { GIT_ALTERNATE_OBJECT_DIRECTORIES: join(rig.storeDir, "objects") },
    config: { ...TRANSFER, "remote.origin.url": url },
    args: ["lfs", "fetch", "origin", oid],
    timeoutMs: gitNetworkTimeoutMs,
    access: { url, rigId: rig.rigId, use: "read", run },
  });
  for (const { content } of lacking) await open(rig, contentPath(rig.mirrorDir, content.oid));
  return fetched.ok ? null : fetched;
}

/**
 * Lets agents' users read a content, as all of a mirror. Of a remote on this disk Git LFS makes links: who changes the
 * mirror's file would change the other's.
 */
async function open(rig: RigRepository, path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null) return;
  if (found.nlink > 1) {
    const own = `${path}.own`;
    await copyFile(path, own);
    await rename(own, path);
  }
  const digest = new Bun.CryptoHasher("sha256");
  for await (const piece of Bun.file(path).stream()) digest.update(piece);
  // Of a remote on this disk nobody has looked whether it has kept it whole.
  if (digest.digest("hex") !== basename(path)) return rm(path, { force: true });
  await chmod(path, 0o644);
  for (let dir = dirname(path); dir !== rig.mirrorDir; dir = dirname(dir)) await chmod(dir, 0o755);
}

async function lackingOf(rig: RigRepository, kept: readonly Kept[]): Promise<Kept[]> {
  const lacking: Kept[] = [];
  for (const pointer of kept) {
    const { oid, bytes } = pointer.content;
    const found = await stat(contentPath(rig.mirrorDir, oid)).catch(() => null);
    if (found?.size !== bytes) lacking.push(pointer);
  }
  return lacking;
}

/** A thousand pointers may name one content: each is a file of its own in a tree. */
function roomFor(
  rig: RigRepository,
  kept: readonly Kept[],
  lacking: readonly Kept[],
): Absence | null {
  const needed = [...kept, ...lacking].reduce((sum, { content }) => sum + content.bytes, 0);
  if (needed === 0) return null;
  const { bavail, bsize } = statfsSync(rig.mirrorDir);
  if (needed + SPARE_BYTES <= bavail * bsize) return null;
  const megabytes = Math.ceil(needed / 1e6);
  return { why: "space", text: `They take ${megabytes} MB, and this runner's disk has no room.` };
}

/** @param run null where Git LFS said nothing of what is missing all the same */
function absenceOf(run: GitRun | null, missing: readonly Kept[]): Absence {
  if (run === null) return NOT_THERE;
  const { stderr, exit } = run.result;
  if (run.refused !== undefined) return { why: "trouble", text: run.refused.error.message };
  if (/'lfs' is not a git command/.test(stderr))
    return { why: "program", text: "git-lfs is not installed on this runner." };
  if (exit.timedOut) return { why: "trouble", text: "Fetching them took longer than ten minutes." };
  const lines = stderr.split("\n");
  const lost = lines.filter((line) => /\[404\]|missing object/i.test(line)).join("\n");
  // One that is lost says nothing of the others.
  if (missing.every(({ content }) => lost.includes(content.oid))) return NOT_THERE;
  // The credential's helper is asked when the host has refused it. What signs an address is a secret.
  const said = lines
    .filter((line) => line !== "" && !/^(fatal: could not|error: failed to fetch)/.test(line))
    .map((line) => line.replace(/(https?:\/\/[^\s?"]*)\?[^\s"]*/g, "$1"));
  return { why: "trouble", text: said.join(" ").slice(0, TEXT_CHARS_MAX) };
}
