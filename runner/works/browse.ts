/** Looks into a rig's store, where the remote's branches are and what lands beside them: nothing is checked out. */
import {
  BROWSE_ENTRIES_MAX,
  type Browsed,
  type BrowseWish,
} from "../../protocol/entities/browse.ts";
import type { Git } from "../git/git.ts";
import { gitFailed } from "../git/git-errors.ts";
import { readRef, type RigRepository } from "../git/mirror.ts";
import { isBranchName } from "../git/names.ts";
import { failure, type Outcome } from "../git/outcome.ts";
import { fieldsOfZ, type Oid } from "../git/porcelain.ts";

type Place = { readonly ref: string; readonly oid: Oid; readonly path: string };

/** The commit of a branch, or the one whose number begins so. Error: missing_branch. */
export async function resolveName(
  git: Git,
  rig: RigRepository,
  name: string,
): Promise<Outcome<{ oid: Oid }>> {
  const short = name.replace(/^(refs\/heads\/|refs\/remotes\/origin\/|origin\/)/, "");
  const isNumber = /^[0-9a-f]{7,64}$/.test(name);
  const refs = isBranchName(short) ? [`refs/remotes/origin/${short}`, `refs/heads/${short}`] : [];
  for (const ref of isNumber ? [...refs, name] : refs) {
    const found = await readRef(git, rig.storeDir, ref);
    if (found.ok && found.oid !== null) return { ok: true, oid: found.oid };
  }
  return failure(
    "missing_branch",
    `There is no branch or commit ${JSON.stringify(name)}.`,
    "Name a branch of the repository, or at least seven digits of a commit.",
  );
}

/** What is at a path of a commit, or the commits that changed it. Errors: missing_path, too_large. */
export async function browse(
  git: Git,
  rig: RigRepository,
  at: { readonly ref: string; readonly oid: Oid },
  wish: Pick<BrowseWish, "path" | "offset" | "bytes" | "commits">,
): Promise<Outcome<{ found: Browsed }>> {
  const path = wish.path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
  if (path.split("/").includes("..") || path.includes("\0"))
    return failure(
      "missing_path",
      `${path} leads out of the repository.`,
      "Name a path inside it.",
    );
  const place = { ...at, path };
  if (wish.commits > 0) return await readLog(git, rig, place, wish.commits);
  if (path === "") return await readFolder(git, rig, place);
  const listed = await entriesOf(git, rig, place.oid, path);
  if (!listed.ok) return listed;
  const [entry] = listed.entries;
  if (entry === undefined)
    return failure("missing_path", `${path} is not in ${at.ref}.`, "Look at the folder above it.");
  if (entry.kind === "folder") return await readFolder(git, rig, place);
  if (entry.kind === "submodule")
    return failure(
      "missing_path",
      `${path} is another repository, at ${entry.oid.slice(0, 12)}.`,
      "Add that repository as a rig to look into it.",
    );
  return await readFile(git, rig, place, { ...entry, from: wish.offset, max: wish.bytes });
}

type Entry = {
  readonly name: string;
  readonly kind: "folder" | "file" | "link" | "submodule";
  readonly oid: Oid;
  readonly bytes: number | null;
};

const KINDS: Readonly<Record<string, Entry["kind"]>> = {
  "040000": "folder",
  "120000": "link",
  "160000": "submodule",
};

async function entriesOf(
  git: Git,
  rig: RigRepository,
  tree: string,
  ...paths: string[]
): Promise<Outcome<{ entries: Entry[] }>> {
  const run = await git.run({
    gitDir: rig.storeDir,
    args: ["ls-tree", "-z", "-l", "--full-tree", tree, "--", ...paths],
    env: { GIT_LITERAL_PATHSPECS: "1" },
  });
  if (!run.ok) return gitFailed(run, "listing a folder");
  const entries = fieldsOfZ(run.text).flatMap((line): Entry[] => {
    const [, mode = "", oid = "", size = "", name = ""] =
      /^(\d+) \w+ ([0-9a-f]+) +(\d+|-)\t(.*)$/s.exec(line) ?? [];
    if (name === "") return [];
    return [{ name, oid, kind: KINDS[mode] ?? "file", bytes: size === "-" ? null : Number(size) }];
  });
  return { ok: true, entries };
}

async function readFolder(
  git: Git,
  rig: RigRepository,
  place: Place,
): Promise<Outcome<{ found: Browsed }>> {
  const listed = await entriesOf(git, rig, `${place.oid}:${place.path}`);
  if (!listed.ok) return listed;
  const entries = listed.entries
    .toSorted((a, b) => Number(b.kind === "folder") - Number(a.kind === "folder"))
    .slice(0, BROWSE_ENTRIES_MAX)
    .map(({ name, kind, bytes }) => ({ name, kind, bytes }));
  const isCut = listed.entries.length > entries.length;
  return { ok: true, found: { kind: "folder", ...place, entries, isCut } };
}

/** As git itself does: a zero byte near the beginning. */
const BINARY_LOOK_BYTES = 8_000;

async function readFile(
  git: Git,
  rig: RigRepository,
  place: Place,
  { oid, bytes, from, max }: Entry & { readonly from: number; readonly max: number },
): Promise<Outcome<{ found: Browsed }>> {
  const size = bytes ?? 0;
  const end = from + max;
  const run = await git.run({
    gitDir: rig.storeDir,
    args: ["cat-file", "blob", oid],
    // Of an output that is too long the head half is kept whole.
    outputBytesMax: 2 * Math.max(end, BINARY_LOOK_BYTES),
  });
  if (!run.ok && !run.result.exit.outputExceeded) return gitFailed(run, `reading ${place.path}`);
  const { stdout } = run.result;
  const isBinary = stdout.subarray(0, BINARY_LOOK_BYTES).includes(0);
  const to = Math.min(size, wholeEnd(stdout, end));
  const text = isBinary ? "" : new TextDecoder().decode(stdout.subarray(from, Math.max(from, to)));
  const next = isBinary || to >= size ? null : to;
  return { ok: true, found: { kind: "file", ...place, bytes: size, isBinary, text, next } };
}

/** The last place up to `end` at which no character is cut in two. */
function wholeEnd(bytes: Uint8Array, end: number): number {
  let at = end;
  while (at > end - 4 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at -= 1;
  return at;
}

async function readLog(
  git: Git,
  rig: RigRepository,
  place: Place,
  max: number,
): Promise<Outcome<{ found: Browsed }>> {
  const run = await git.run({
    gitDir: rig.storeDir,
    args: [
      ...["log", "-z", `--max-count=${max + 1}`, "--format=%H%x1f%at%x1f%an%x1f%s"],
      ...[place.oid, "--", ...(place.path === "" ? [] : [place.path])],
    ],
    env: { GIT_LITERAL_PATHSPECS: "1" },
  });
  if (!run.ok) return gitFailed(run, "reading the history");
  const all = fieldsOfZ(run.text).map((line) => {
    const [oid = "", seconds = "", author = "", subject = ""] = line.split("\u001f");
    return {
      oid,
      subject: subject.slice(0, 300),
      author: author.slice(0, 100),
      at: Number(seconds) * 1000,
    };
  });
  if (all.length === 0)
    return failure(
      "missing_path",
      `No commit of ${place.ref} has ${place.path}.`,
      "Check the path.",
    );
  const isCut = all.length > max;
  return { ok: true, found: { kind: "log", ...place, commits: all.slice(0, max), isCut } };
}
