/** Where a recording is kept, and how a slice is made of it: `recording/` in the data directory, of the last recorded start. */
import { closeSync, existsSync, mkdirSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ok, refuse, type Result } from "../../protocol/index.ts";
import { copyBase, scrubBase } from "../store/sqlite/slice-base.ts";
import { Scrub } from "./scrub.ts";
import { parseSlice, SLICE_BYTES_MAX, type Slice } from "./slice.ts";

/** A recording ends here: it is for a problem that is being looked at, not for ever. */
const LOG_BYTES_MAX = 96 * 1024 * 1024;
/** In base64 it must fit a slice beside the log. */
const BASE_BYTES_MAX = 96 * 1024 * 1024;

const baseIn = (dir: string) => join(dir, "base.db");
const logIn = (dir: string) => join(dir, "log.jsonl");

export function recordingDir(dataDir: string): string {
  return join(dataDir, "recording");
}

export interface Recording {
  /** Throws when it is full or the disk is. */
  write(line: string): void;
  close(): void;
}

/** Takes the place of an earlier recording. The town must not be open yet. Errors: too_large for its data. */
export function openRecording(dataDir: string): Result<Recording> {
  const file = join(dataDir, "town.db");
  if (existsSync(file) && statSync(file).size > BASE_BYTES_MAX)
    return refuse(
      "too_large",
      `${file} is too large to be recorded from: ${BASE_BYTES_MAX / 1024 / 1024} MB are allowed. Start without --record.`,
    );
  const dir = recordingDir(dataDir);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  copyBase(file, baseIn(dir));
  const fd = openSync(logIn(dir), "w", 0o600);
  let written = 0;
  let isOpen = true;
  return ok({
    write(line) {
      if (!isOpen) return;
      const bytes = Buffer.from(line);
      written += bytes.length;
      if (written > LOG_BYTES_MAX) throw new Error("the recording is full");
      writeSync(fd, bytes);
    },
    close() {
      isOpen = false;
      closeSync(fd);
    },
  });
}

/** One packed file, without secrets. Errors: not_found without a recording. */
export async function exportSlice(dataDir: string): Promise<Result<Uint8Array<ArrayBuffer>>> {
  const dir = recordingDir(dataDir);
  const log = Bun.file(logIn(dir));
  if (!(await log.exists()))
    return refuse(
      "not_found",
      `there is no recording in ${dataDir}. Start the town with: gastown up --record`,
    );
  const text = await log.text();
  const [first = "", ...lines] = text.split("\n");
  const base = existsSync(baseIn(dir)) ? await cleanBase(baseIn(dir)) : null;
  const header = JSON.stringify({ ...(JSON.parse(first) as object), base });
  // A line that is being written now is not told.
  return ok(Bun.gzipSync(Buffer.from([header, ...lines.slice(0, -1), ""].join("\n"))));
}

async function cleanBase(file: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "gastown-slice-"));
  try {
    const copy = join(dir, "town.db");
    await copyFile(file, copy);
    const scrub = new Scrub();
    scrubBase(copy, (text) => scrub.text(text));
    return Buffer.from(await Bun.file(copy).bytes()).toString("base64");
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Errors: those of `parseSlice`, invalid_body for what is not packed as one, too_large. */
export function unpackSlice(bytes: Uint8Array<ArrayBuffer>, appVersion: string): Result<Slice> {
  const text = unpack(bytes);
  if (text === null)
    return refuse("invalid_body", "this is no slice of a town: it is not packed as one.");
  if (text.length > SLICE_BYTES_MAX)
    return refuse(
      "too_large",
      `this slice is too large: ${SLICE_BYTES_MAX / 1024 / 1024} MB are allowed.`,
    );
  return parseSlice(text, appVersion);
}

function unpack(bytes: Uint8Array<ArrayBuffer>): string | null {
  try {
    return new TextDecoder().decode(Bun.gunzipSync(bytes));
  } catch {
    // Whatever it is, it is no slice.
    return null;
  }
}

/** Puts the data that the slice begins with into an empty directory. */
export async function layBase({ header }: Slice, dir: string): Promise<void> {
  if (header.base === null) return;
  await Bun.write(join(dir, "town.db"), Buffer.from(header.base, "base64"));
}
