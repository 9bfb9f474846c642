// A CPU profile as Bun writes it, and which functions the time went to.
import { basename } from "node:path";
import { z } from "zod";

const profileSchema = z.object({
  nodes: z.array(
    z.object({
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }),
      hitCount: z.number(),
    }),
  ),
});
export type CpuProfile = z.infer<typeof profileSchema>;

/** A function and its share of the samples that were taken in its own body while the process was busy. */
export interface HotFunction {
  name: string;
  /** File and line, e.g. `main.js:120`; a built-in's module. */
  place: string;
  selfPercent: number;
}

/** Frames that stand for waiting or for no code of anybody's. */
const IDLE = new Set(["(idle)", "(program)", "(root)"]);

/** The `count` functions in which most busy samples lie, hottest first. */
export function hottest({ nodes }: CpuProfile, count: number): HotFunction[] {
  const hits = new Map<string, HotFunction>();
  let busy = 0;
  for (const { callFrame, hitCount } of nodes) {
    const { functionName, url, lineNumber } = callFrame;
    if (hitCount === 0 || IDLE.has(functionName)) continue;
    const name = functionName === "" ? "(anonymous)" : functionName;
    const place = url === "" ? "built in" : `${basename(url)}:${lineNumber + 1}`;
    const known = hits.get(`${name} ${place}`) ?? { name, place, selfPercent: 0 };
    known.selfPercent += hitCount;
    hits.set(`${name} ${place}`, known);
    busy += hitCount;
  }
  return [...hits.values()]
    .sort((a, b) => b.selfPercent - a.selfPercent)
    .slice(0, count)
    .map((each) => ({ ...each, selfPercent: (100 * each.selfPercent) / busy }));
}

/** @throws when the file is missing or is no profile */
export async function readProfile(file: string): Promise<CpuProfile> {
  return profileSchema.parse(await Bun.file(file).json());
}

/** Bun's own flags that let a process write its profile to `file` when it ends. */
export function profilingFlags(file: string): string[] {
  const folder = file.slice(0, file.length - basename(file).length);
  return ["--cpu-prof", `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${basename(file)}`];
}
