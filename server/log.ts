/** The town's log: JSON lines in <data>/logs/town.log, rotated by size, with secrets cut out. */
import { mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import pino, { type Logger } from "pino";
import type { Log } from "./core.ts";

const LOG_BYTES_MAX = 10 * 1024 * 1024;
/** Older files kept: town.log.1 is the youngest of them. */
const OLD_FILES = 3;
/** Of lines that wait for room on the disk; more are lost. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;
/** Lines between two looks at the size. */
const CHECK_LINES = 1_000;

/** Names of fields whose value is a secret, wherever a caller put them. */
const SECRET_FIELDS = ["token", "secret", "password", "key", "apiKey", "authorization", "cookie"];

export interface OpenLog extends Log {
  path: string;
  close(): void;
}

/** Opens `<dataDir>/logs/<name>.log`. With `echo`, warnings and errors go to it as well, as one line each. */
export function openLog(dataDir: string, name = "town", echo?: (line: string) => void): OpenLog {
  const folder = join(dataDir, "logs");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${name}.log`);
  let sink = openSink(path);
  let lines = 0;
  let isKept = true;
  const keep = (
    level: "debug" | "info" | "warn" | "error",
    fields: Record<string, unknown>,
    message: string,
  ) => {
    lines += 1;
    if (lines % CHECK_LINES === 0 && statSync(path).size > LOG_BYTES_MAX) {
      sink.close();
      rotate(path);
      sink = openSink(path);
    }
    sink.logger[level](fields, message);
  };
  const write = (
    level: "debug" | "info" | "warn" | "error",
    fields: Record<string, unknown>,
    message: string,
  ) => {
    try {
      keep(level, fields, message);
      isKept = true;
    } catch (error) {
      // Its lines wait in memory: a full disk breaks nothing of what is logged about.
      const why = error instanceof Error ? error.message : String(error);
      if (isKept)
        echo?.(`the log ${path} cannot be written (${why}); it goes on when there is room`);
      isKept = false;
    }
    if (level === "warn" || level === "error") echo?.(message);
  };
  return {
    path,
    debug: (fields, message) => write("debug", fields, message),
    info: (fields, message) => write("info", fields, message),
    warn: (fields, message) => write("warn", fields, message),
    error: (fields, message) => write("error", fields, message),
    close() {
      try {
        sink.close();
      } catch {
        // The disk is full: that was told when the first line did not fit.
      }
    },
  };
}

const FILE = { sync: true, mkdir: true, mode: 0o600, maxLength: WAITING_BYTES_MAX };

function openSink(path: string): { logger: Logger; close(): void } {
  // A synchronous destination: pino's own transports are workers that a compiled program does not have.
  const destination = pino.destination({ dest: path, ...FILE });
  const paths = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);
  const logger = pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: { paths, censor: "[cut]" } },
    pino.multistream([{ level: "debug", stream: destination }]),
  );
  return { logger, close: () => destination.end() };
}

function rotate(path: string): void {
  for (let age = OLD_FILES; age > 0; age--) {
    const from = age === 1 ? path : `${path}.${age - 1}`;
    if (isFile(from)) renameSync(from, `${path}.${age}`);
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
