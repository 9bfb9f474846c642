/** What a process of this user holds in its memory, and in the environment it was started with. Linux. */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";

const PIECE_BYTES = 4 * 1024 * 1024;
/** A runtime reserves more than it uses. */
const REGION_BYTES_MAX = 1024 * 1024 * 1024;

/** Whether a text is anywhere in what the process may write to. */
export function memoryHolds(pid: number, text: string): boolean {
  const wanted = Buffer.from(text);
  const memory = openSync(`/proc/${pid}/mem`, "r");
  try {
    return writableRegions(pid).some((region) => regionHolds(memory, region, wanted));
  } finally {
    closeSync(memory);
  }
}

export function environmentOf(pid: number): string {
  return readFileSync(`/proc/${pid}/environ`, "utf8");
}

function writableRegions(pid: number): [from: number, to: number][] {
  return readFileSync(`/proc/${pid}/maps`, "utf8")
    .split("\n")
    .flatMap((line): [number, number][] => {
      const [, from = "", to = ""] = /^(\w+)-(\w+) rw/.exec(line) ?? [];
      const region: [number, number] = [Number.parseInt(from, 16), Number.parseInt(to, 16)];
      return region[1] - region[0] <= REGION_BYTES_MAX ? [region] : [];
    });
}

function regionHolds(memory: number, [from, to]: [number, number], wanted: Buffer): boolean {
  const piece = Buffer.alloc(PIECE_BYTES);
  for (let at = from; at < to; at += PIECE_BYTES - wanted.length) {
    try {
      const bytes = readSync(memory, piece, 0, Math.min(PIECE_BYTES, to - at), at);
      if (piece.subarray(0, bytes).includes(wanted)) return true;
    } catch (error) {
      // Regions that are gone meanwhile, or that the kernel keeps to itself.
      if (!(error instanceof Error && "code" in error && error.code === "EIO")) throw error;
      return false;
    }
  }
  return false;
}
