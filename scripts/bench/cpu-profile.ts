// A CPU profile as Bun writes it, and which functions of ours the time went to.
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const profileSchema = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }),
      hitCount: z.number(),
      children: z.array(z.number()).optional(),
    }),
  ),
});
export type CpuProfile = z.infer<typeof profileSchema>;
type Node = CpuProfile["nodes"][number];

/** A function with its share of the busy samples: those in its own body, and in what it called of packages and built-ins. */
export interface HotFunction {
  name: string;
  /** The source file; for what was not called by us the package or the built-in module. */
  place: string;
  percent: number;
}

/** Says which source a line of a script is from, as a path below the root; `node_modules/…` for packages. */
export type SourceOf = (url: string, line: number) => string;

/** Frames that stand for waiting or for no code of anybody's. */
const IDLE = new Set(["(idle)", "(program)", "(root)"]);

/** The `count` functions on which most busy samples lie, hottest first. */
export function hottest({ nodes }: CpuProfile, count: number, sourceOf: SourceOf): HotFunction[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const hits = new Map<string, { name: string; place: string; samples: number }>();
  let busy = 0;
  const walk = (node: Node, caller: Frame | null): void => {
    const frame = frameOf(node, sourceOf);
    const of = frame.isOurs || caller === null ? frame : caller;
    if (node.hitCount > 0 && !IDLE.has(frame.name)) {
      const key = `${of.name} ${of.place}`;
      const known = hits.get(key) ?? { name: of.name, place: of.place, samples: 0 };
      known.samples += node.hitCount;
      hits.set(key, known);
      busy += node.hitCount;
    }
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) walk(child, of.isOurs ? of : null);
    }
  };
  const called = new Set(nodes.flatMap((node) => node.children ?? []));
  for (const node of nodes) if (!called.has(node.id)) walk(node, null);
  return [...hits.values()]
    .sort((a, b) => b.samples - a.samples)
    .slice(0, count)
    .map(({ name, place, samples }) => ({ name, place, percent: (100 * samples) / busy }));
}

/** Packages, and what executes every statement: their time is that of who calls them. */
const BENEATH = ["node_modules/", "server/store/sqlite/", "server/store/rows.ts"];

interface Frame {
  name: string;
  place: string;
  isOurs: boolean;
}

function frameOf({ callFrame }: Node, sourceOf: SourceOf): Frame {
  const { functionName, url, lineNumber } = callFrame;
  const name = functionName === "" ? "(anonymous)" : functionName;
  if (!url.startsWith("file:"))
    return { name, place: url === "" ? "built in" : url, isOurs: false };
  const place = sourceOf(url, lineNumber + 1);
  return { name, place, isOurs: !BENEATH.some((folder) => place.startsWith(folder)) };
}

/** Sources of scripts below `root`; those of a bundle by the comments with which the bundler begins each of its parts. */
export function sourcesBelow(root: string): SourceOf {
  const parts = new Map<string, { line: number; source: string }[]>();
  return (url, line) => {
    const file = fileURLToPath(url);
    const known = parts.get(file) ?? (existsSync(file) ? partsOf(readFileSync(file, "utf8")) : []);
    parts.set(file, known);
    return known.findLast((part) => part.line <= line)?.source ?? relative(root, file);
  };
}

function partsOf(text: string): { line: number; source: string }[] {
  return text.split("\n").flatMap((line, n) => {
    const source = /^\/\/ (\S+\.[cm]?[jt]sx?)$/.exec(line)?.[1];
    return source === undefined ? [] : [{ line: n + 1, source }];
  });
}

/** @throws when the file is missing or is no profile */
export async function readProfile(file: string): Promise<CpuProfile> {
  return profileSchema.parse(await Bun.file(file).json());
}

/** Bun's own flags that let a process write its profile to `file` when it ends. */
export function profilingFlags(file: string): string[] {
  return ["--cpu-prof", `--cpu-prof-dir=${dirname(file)}`, `--cpu-prof-name=${basename(file)}`];
}
