import { existsSync } from "node:fs";
import type { Command } from "commander";
import { lockTown } from "../../server/store/lock.ts";
import { Complaint } from "../complaint.ts";
import { dataDirOf } from "../data-dir.ts";
import { printJson, printLine } from "../output.ts";
import { findTownFile, removeTownFile } from "../town-file.ts";
import { townCommand, type TownOptions } from "./town-command.ts";

/** A town lets its agents save their work before it ends. */
const DOWN_DEADLINE_MS = 60_000;
const POLL_MS = 100;

/** `gastown down`: ends the town of a data directory; its work is saved and goes on at the next `up`. */
export function addDown(program: Command): void {
  townCommand(program, "down", "Stop the town; work is saved and goes on at the next start").action(
    async (options: TownOptions) => {
      const dataDir = dataDirOf(options);
      const pid = await stopTown(dataDir);
      if (options.json === true) printJson({ stopped: pid !== null, pid });
      else
        printLine(
          pid === null ? `No town runs on ${dataDir}.` : `The town (process ${pid}) is stopped.`,
        );
    },
  );
}

/** The pid counts only while the lock is held: after a crash it may be another program's. */
async function stopTown(dataDir: string): Promise<number | null> {
  if (!isLocked(dataDir)) {
    removeTownFile(dataDir);
    return null;
  }
  const file = findTownFile(dataDir);
  if (file === null)
    throw new Complaint("The town is just starting or ending. Try again in a moment.");
  signal(file.pid);
  const deadline = performance.now() + DOWN_DEADLINE_MS;
  while (isLocked(dataDir)) {
    if (performance.now() > deadline) {
      throw new Complaint(
        `The town (process ${file.pid}) has not ended within a minute. Its log says what it waits for.`,
      );
    }
    await Bun.sleep(POLL_MS);
  }
  return file.pid;
}

function isLocked(dataDir: string): boolean {
  if (!existsSync(dataDir)) return false;
  const lock = lockTown(dataDir);
  lock?.release();
  return lock === null;
}

function signal(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ESRCH") return;
    if (code === "EPERM")
      throw new Complaint(`The town (process ${pid}) belongs to another user. Ask as that user.`);
    throw error;
  }
}
