/** A membership on disk: a file that only this user reads, replaced whole and synced. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import type { MemberStore } from "./membership.ts";

export function memberFile(path: string): MemberStore {
  return {
    read: () => (existsSync(path) ? readFileSync(path, "utf8") : null),
    write(text) {
      const file = openSync(`${path}.new`, "w", 0o600);
      try {
        writeSync(file, text);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(`${path}.new`, path);
      syncDirectory(dirname(path));
    },
  };
}

/** The new name lasts only with its directory. */
function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
