/** Programs in places of their own that every user may read: a person's home is closed to agents. */
import { chmodSync, copyFileSync, linkSync, lstatSync, mkdirSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { isPublic } from "./suits.ts";

const FOLDER = "shared";
const EXECUTABLE = 0o755;

/** Where agents' users find a program of one file: where it is, or as a copy below `dir`, which they can enter. */
export function shareProgram(path: string, dir: string): string {
  const real = realpathSync(path);
  if (isPublic(real)) return real;
  const { size, mtimeMs, mode } = lstatSync(real);
  const folder = join(dir, FOLDER);
  mkdirSync(folder, { recursive: true, mode: EXECUTABLE });
  const shared = join(folder, `${basename(real)}-${size}-${Math.floor(mtimeMs)}`);
  if (lstatSync(shared, { throwIfNoEntry: false }) !== undefined) return shared;
  const isReadable = (mode & EXECUTABLE) === EXECUTABLE;
  // Another name for the same bytes costs nothing, where both places are on one disk.
  if (isReadable && linked(real, shared)) return shared;
  copyFileSync(real, shared);
  chmodSync(shared, EXECUTABLE);
  return shared;
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (["EXDEV", "EPERM", "EMLINK"].includes(code)) return false;
    throw error;
  }
}
