/** The key that seals secrets: a file outside the data directory, so that a copied directory reveals none. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Random } from "../core.ts";
import { StartError } from "../start-error.ts";

const KEY_BYTES = 32;
const KEY_ID_CHARS = 12;

export interface SealKey {
  /** Says which key sealed a text, without revealing it. */
  id: string;
  bytes: Buffer;
}

/**
 * Reads the key at `path`.
 * @returns null when there is no file
 * @throws StartError when the file is something else than 64 hex digits or cannot be read
 */
export function readKey(path: string): SealKey | null {
  const text = readText(path);
  if (text === null) return null;
  if (!/^[0-9a-f]{64}$/i.test(text)) {
    throw new StartError(
      `${path} does not hold a key. Write 64 hex digits into it, or move it away and enter the secrets again.`,
    );
  }
  return keyOf(Buffer.from(text, "hex"));
}

/** Makes a key at `path`, readable by its owner only. An existing file is never replaced. */
export function createKey(path: string, random: Random): SealKey {
  const key = keyOf(Buffer.from(random.bytes(KEY_BYTES)));
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, `${key.bytes.toString("hex")}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    throw new StartError(
      `The key file ${path} cannot be written (${codeOf(error)}). Make its directory writable, or name another file in GASTOWN_KEY_FILE.`,
    );
  }
  return key;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw new StartError(
      `The key file ${path} cannot be read (${codeOf(error)}). Give this user the right to read it.`,
    );
  }
}

function keyOf(bytes: Buffer): SealKey {
  return {
    id: createHash("sha256")
      .update("gastown key id")
      .update(bytes)
      .digest("hex")
      .slice(0, KEY_ID_CHARS),
    bytes,
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
