/** `town.json` in a data directory: where its running town is, and the token with which this user's programs ask it. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Complaint } from "./complaint.ts";
import { dataDirOf } from "./data-dir.ts";

const townFileSchema = z.object({
  url: z.string(),
  pid: z.number().int().positive(),
  token: z.string(),
  version: z.string(),
});
export type TownFile = z.infer<typeof townFileSchema>;

function pathOf(dataDir: string): string {
  return join(dataDir, "town.json");
}

/** Writes the file, whole or not at all, readable by its owner only. */
export function writeTownFile(dataDir: string, file: TownFile): void {
  const path = pathOf(dataDir);
  writeFileSync(`${path}.new`, `${JSON.stringify(file)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function removeTownFile(dataDir: string): void {
  rmSync(pathOf(dataDir), { force: true });
}

/** Null when there is none, or half of one. */
export function findTownFile(dataDir: string): TownFile | null {
  try {
    const parsed = townFileSchema.safeParse(JSON.parse(readFileSync(pathOf(dataDir), "utf8")));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError || codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR")
      return null;
    if (codeOf(error) === "EACCES")
      throw new Complaint(
        `${pathOf(dataDir)} belongs to another user. Ask as the user whose town it is.`,
      );
    throw error;
  }
}

/** @throws Complaint when no town seems to run on this directory */
export function readTownFile(dataDir: string): TownFile {
  const file = findTownFile(dataDir);
  if (file !== null) return file;
  const isDemoThere = findTownFile(dataDirOf({ demo: true })) !== null;
  throw new Complaint(
    dataDir === dataDirOf({}) && isDemoThere
      ? `No town of your own runs on ${dataDir}. The demo's does: add --demo to mean it.`
      : `No town runs on ${dataDir}. Start it with \`gastown up\`, or name its directory with --data.`,
  );
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
