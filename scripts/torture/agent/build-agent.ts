// Builds the scripted agent as a program that is found as OpenCode.
import { join } from "node:path";

/** Writes the program into the folder, which is there; it is to be searched before others. Throws with what the builder says. */
export async function buildAgent(folder: string): Promise<void> {
  const built = await Bun.build({
    entrypoints: [join(import.meta.dir, "agent.ts")],
    compile: { outfile: join(folder, "opencode") },
    throw: false,
  });
  if (!built.success) throw new Error(built.logs.map(({ message }) => message).join("\n"));
}
