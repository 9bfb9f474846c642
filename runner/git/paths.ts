import {
  chmod,
  link,
  lstat,
  mkdir,
  readFile,
  readdir,
  realpath,
  rename,
  rm,
  unlink,
  writeFile,
} from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { failure, type Outcome } from "./outcome.ts";
import { isRemovalProof, isRigProof, type RemovalProof, type RigProof } from "./proof.ts";

/** Marks the folder that the runner owns. */
export const rootMarker = ".gastown-root";
/** Marks each folder below it that may be removed, and says what it is. */
export const ownedMarker = ".gastown-owned";

const rootMarkerText = "gastown runner root 1\n";
const trashFolder = "trash";

/** A folder that carries the root marker; `path` is its real path. */
export type OwnedRoot = { readonly path: string };

/** `warm`: a tree that waits for its run. */
export type OwnedKind = "rig" | "run" | "scratch" | "warm";

/**
 * Takes a folder as the runner's root: creates it, or finds its marker. A folder with other things
 * in it and without the marker is refused, so that a wrong setting never makes a person's folder ours.
 */
export async function claimRoot(path: string): Promise<Outcome<{ root: OwnedRoot }>> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const real = await realpath(path);
  const marker = await textOf(join(real, rootMarker));
  if (marker === null) {
    const present = await readdir(real);
    if (present.length > 0) {
      return failure(
        "not_owned",
        `${real} is not empty and was not made by Gastown.`,
        "Choose an empty folder for the runner's data.",
      );
    }
    await writeNew(join(real, rootMarker), rootMarkerText);
  } else if (marker !== rootMarkerText) {
    return failure(
      "not_owned",
      `${real} carries the marker of another version.`,
      "Use the version that made it, or another folder.",
    );
  }
  return { ok: true, root: { path: real } };
}

/** Creates `<root>/<parts>` as a folder that the runner may remove later. Idempotent for the same kind. */
export async function createOwned(
  root: OwnedRoot,
  parts: readonly string[],
  kind: OwnedKind,
): Promise<Outcome<{ path: string }>> {
  const path = join(root.path, ...parts);
  await mkdir(path, { recursive: true, mode: 0o700 });
  const place = await ownedPlace(root, path);
  if (!place.ok) return place;
  const text = markerText(kind, basename(path));
  const marker = await textOf(join(path, ownedMarker));
  if (marker === text) return { ok: true, path };
  if (marker !== null)
    return failure(
      "not_owned",
      `${path} is marked as something else.`,
      "Look at the folder; nothing was changed.",
    );
  await writeNew(join(path, ownedMarker), text);
  return { ok: true, path };
}

/**
 * Makes the folder of a tree that waited the folder of a run, in one step: from then on it goes with that run's proof
 * alone. It keeps its path, which processes inside may know already.
 */
export async function giveToRun(
  root: OwnedRoot,
  path: string,
  runId: string,
): Promise<Outcome<object>> {
  const place = await ownedPlace(root, path);
  if (!place.ok) return place;
  if ((await ownerOf(path, "warm")) === null) return notMarked(path);
  const beside = join(path, `${ownedMarker}.new`);
  await rm(beside, { force: true });
  await writeFile(beside, markerText("run", runId), { mode: 0o600, flag: "wx", flush: true });
  await rename(beside, join(path, ownedMarker));
  return { ok: true };
}

/**
 * Removes a folder made by `createOwned`. Its real path must lie inside the real root, both markers
 * must be there, and the folder of a run or a rig needs the proof that its work is saved. It is moved away in one
 * step before its files go, so a crash never leaves half a tree under its name.
 */
export async function removeOwned(
  root: OwnedRoot,
  path: string,
  kind: OwnedKind,
  proof: RemovalProof | RigProof | null,
): Promise<Outcome<{ removed: boolean }>> {
  if ((await statOf(path)) === null) return { ok: true, removed: false };
  const place = await ownedPlace(root, path);
  if (!place.ok) return place;
  const name = basename(path);
  const owner = await ownerOf(path, kind);
  if (owner === null) return notMarked(path);
  if (!isProven(kind, owner, proof)) {
    return failure(
      "no_proof",
      `The work in ${path} is not proved to be saved.`,
      "Save the run's work first; nothing was removed.",
    );
  }
  const trash = join(root.path, trashFolder);
  await mkdir(trash, { recursive: true, mode: 0o700 });
  const away = await freeName(trash, `${kind}-${name}`);
  await rename(path, away);
  await removeTree(away);
  return { ok: true, removed: true };
}

function isProven(kind: OwnedKind, name: string, proof: RemovalProof | RigProof | null): boolean {
  if (kind === "scratch" || kind === "warm") return true;
  if (proof === null) return false;
  if ("rigId" in proof) return kind === "rig" && isRigProof(proof, name);
  return kind === "run" && isRemovalProof(proof, name);
}

/**
 * Removes one part of an owned folder that holds no work: the private repository of a save, which is
 * made anew for each, or a scratch file. The same place checks as `removeOwned`.
 */
export async function removePart(
  root: OwnedRoot,
  owned: string,
  kind: OwnedKind,
  part: "gitdir" | "scratch",
): Promise<Outcome<object>> {
  const place = await ownedPlace(root, owned);
  if (!place.ok) return place;
  if ((await ownerOf(owned, kind)) === null) return notMarked(owned);
  await removeTree(join(owned, part));
  return { ok: true };
}

/** Finishes removals that a crash cut short. Only what `removeOwned` moved away lies there. */
export async function sweepTrash(root: OwnedRoot): Promise<number> {
  const trash = join(root.path, trashFolder);
  if ((await textOf(join(root.path, rootMarker))) !== rootMarkerText) return 0;
  const stat = await statOf(trash);
  if (stat === null || !stat.isDirectory()) return 0;
  const names = await readdir(trash);
  for (const name of names) await removeTree(join(trash, name));
  return names.length;
}

/** What a folder holds; nothing where there is none. */
export async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

async function ownedPlace(root: OwnedRoot, path: string): Promise<Outcome<object>> {
  const real = await realpath(root.path);
  if ((await textOf(join(real, rootMarker))) !== rootMarkerText) {
    return failure(
      "not_owned",
      `${root.path} does not carry the runner's mark.`,
      "Nothing was changed; look at the runner's data folder.",
    );
  }
  const stat = await statOf(path);
  const realParent = await realpath(dirname(path));
  const inside = relative(real, join(realParent, basename(path)));
  const escapes =
    inside === "" || inside === ".." || inside.startsWith(`..${sep}`) || inside.startsWith(sep);
  if (escapes || stat === null || !stat.isDirectory() || inside === trashFolder) {
    return failure(
      "unsafe_path",
      `${path} is not a folder inside the runner's data folder.`,
      "Nothing was changed; look for links in the path.",
    );
  }
  return { ok: true };
}

/** Whether a folder carries the mark of this kind. */
export async function isOwned(path: string, kind: OwnedKind): Promise<boolean> {
  return (await ownerOf(path, kind)) !== null;
}

/** Whose folder this is by its mark: its own name, but for a run's, which may be one that waited for it. */
async function ownerOf(path: string, kind: OwnedKind): Promise<string | null> {
  const marker = await textOf(join(path, ownedMarker));
  const owner = marker?.startsWith(`gastown ${kind} `) ? marker.trimEnd().split(" ")[2] : null;
  if (owner === null || owner === undefined || marker !== markerText(kind, owner)) return null;
  return kind === "run" || owner === basename(path) ? owner : null;
}

function notMarked(path: string) {
  return failure(
    "not_owned",
    `${path} does not carry the runner's mark.`,
    "Nothing was removed; look at the folder.",
  );
}

function markerText(kind: OwnedKind, name: string): string {
  return `gastown ${kind} ${name}\n`;
}

async function freeName(folder: string, name: string): Promise<string> {
  for (let n = 0; ; n++) {
    const path = join(folder, `${name}.${n}`);
    if ((await statOf(path)) === null) return path;
  }
}

/** Removes a tree without following links; folders that their owner locked are opened first. */
async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (!isErrno(error, "EACCES") && !isErrno(error, "EPERM")) throw error;
    await openFolders(path);
    await rm(path, { recursive: true, force: true });
  }
}

async function openFolders(path: string): Promise<void> {
  const stat = await lstat(path);
  if (!stat.isDirectory()) return;
  await chmod(path, 0o700);
  for (const name of await readdir(path)) await openFolders(join(path, name));
}

async function statOf(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return null;
    throw error;
  }
}

async function textOf(path: string): Promise<string | null> {
  const stat = await statOf(path);
  // A link or a device in the marker's place is no marker, and reading it could block.
  if (stat === null || !stat.isFile() || stat.size > 4096) return null;
  return await readFile(path, "utf8");
}

/** Writes a file whole or not at all; an existing one is an error. */
async function writeNew(path: string, text: string): Promise<void> {
  const beside = `${path}.new`;
  await rm(beside, { force: true });
  await writeFile(beside, text, { mode: 0o600, flag: "wx", flush: true });
  await link(beside, path);
  await unlink(beside);
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
