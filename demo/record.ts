import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import { defaultScript } from "../scripted/default-script.ts";
import type { Script } from "../scripted/script.ts";
import { demoScript, twoBeadScript } from "./demo-script.ts";
import { demoRecordPath } from "./record-path.ts";

/** What a data directory remembers of its demo, so that a later start plays the same script again. */
export const demoRecordSchema = z.strictObject({
  seed: z.int(),
  script: z.enum(["demo", "two-beads", "default"]),
  /** Absolute path of the bare sample repository; null when the repository is the person's own. */
  repository: z.string().min(1).nullable(),
});
export type DemoRecord = z.infer<typeof demoRecordSchema>;

export type DemoRecordRead =
  | { ok: true; record: DemoRecord | null }
  | { ok: false; error: { code: "bad_demo_record"; message: string; retryable: false } };

/** Writes `demo.json`, whole or not at all. */
export async function writeDemoRecord(dataDir: string, record: DemoRecord): Promise<void> {
  const path = demoRecordPath(dataDir);
  await writeFile(`${path}.new`, `${JSON.stringify(demoRecordSchema.parse(record))}\n`, {
    mode: 0o600,
  });
  await rename(`${path}.new`, path);
}

/** Reads `demo.json`; null when the directory holds no demo. */
export async function readDemoRecord(dataDir: string): Promise<DemoRecordRead> {
  let text: string;
  try {
    text = await readFile(demoRecordPath(dataDir), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { ok: true, record: null };
    throw error;
  }
  const parsed = demoRecordSchema.safeParse(jsonOf(text));
  if (parsed.success) return { ok: true, record: parsed.data };
  const message = `${demoRecordPath(dataDir)} cannot be read as the record of a demo. Start the demo in a new data directory.`;
  return { ok: false, error: { code: "bad_demo_record", message, retryable: false } };
}

/** The script that a record names. */
export function scriptOf(record: Pick<DemoRecord, "script" | "seed">): Script {
  if (record.script === "demo") return demoScript(record.seed).script;
  if (record.script === "two-beads") return twoBeadScript(record.seed).script;
  return defaultScript;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Half a file is as useless as a wrong one: the schema refuses both.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
