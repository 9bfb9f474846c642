// Builds the scripted agent as a program that is found as OpenCode.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

/** Writes the program into the folder, and makes that where it is not; it is to be searched before others. Throws with what the builder says. */
export async function buildAgent(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const built = await Bun.build({
    entrypoints: [join(import.meta.dir, "agent.ts")],
    compile: { outfile: join(folder, "opencode") },
    throw: false,
  });
  if (!built.success) throw new Error(built.logs.map(({ message }) => message).join("\n"));
}
