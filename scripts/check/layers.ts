// Layers: who may import whom, by dependency-cruiser and the table in .dependency-cruiser.mjs.
import { mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSource, readTexts, sourceRoots } from "../tidy/files.ts";
import type { Gate, GateResult } from "./gate.ts";
import { linesOf, runTool } from "./run-tool.ts";

interface Violation {
  from: string;
  to: string;
  cycle?: { name: string }[];
  rule: { name: string };
  comment?: string;
}

interface Cruise {
  modules: { source: string }[];
  summary: {
    violations: Violation[];
    ruleSetUsed?: { forbidden?: { name: string; comment?: string }[] };
  };
}

/** The layers of the tree at `root`, with the tools and rules of `toolsRoot`. */
export async function checkLayers(root: string, toolsRoot: string): Promise<GateResult> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "gastown-layers-")));
  try {
    const paths = await copyForCruise(root, toolsRoot, folder);
    const sources = paths.filter(isSource);
    if (sources.length === 0) return { ok: false, details: ["there is no source file to look at"] };
    const roots = sourceRoots.filter((name) =>
      paths.some((path) => path === name || path.startsWith(`${name}/`)),
    );
    const args = ["--config", join(toolsRoot, ".dependency-cruiser.mjs"), "-T", "json", ...roots];
    const run = await runTool(toolsRoot, "depcruise", args, folder);
    const cruise = parse(run.stdout);
    if (cruise) return judge(cruise, sources);
    const details = ["dependency-cruiser gave no result:", ...linesOf(run.stderr)];
    return { ok: false, details };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Copies the texts of the tree to `folder` and returns their paths. The parser of dependency-cruiser that works beside
 * TypeScript 7 stops at `using` declarations, so in the copy they are `const`.
 */
async function copyForCruise(root: string, toolsRoot: string, folder: string): Promise<string[]> {
  await symlink(join(toolsRoot, "node_modules"), join(folder, "node_modules"));
  const files = await readTexts(root);
  await Promise.all(
    files.map(({ path, text }) => {
      const known = text.replace(/\b(?:await +)?using (?=[\w$]+ *[=:])/g, "const ");
      return Bun.write(join(folder, path), known);
    }),
  );
  return files.map((file) => file.path);
}

function parse(stdout: string): Cruise | undefined {
  return stdout.startsWith("{") ? (JSON.parse(stdout) as Cruise) : undefined;
}

/**
 * With a parser that does not know our TypeScript, dependency-cruiser sees nothing and passes.
 * So every source file has to be among the modules it saw.
 */
function judge(cruise: Cruise, sources: readonly string[]): GateResult {
  const seen = new Set(cruise.modules.map((module) => module.source));
  const unseen = sources.filter((file) => !seen.has(file));
  if (unseen.length > 0) {
    return { ok: false, details: unseen.map((file) => `${file}: not seen by dependency-cruiser`) };
  }
  const comments = new Map(
    cruise.summary.ruleSetUsed?.forbidden?.map((rule) => [rule.name, rule.comment ?? ""]),
  );
  const details = cruise.summary.violations.map((violation) => {
    const way = violation.cycle
      ? violation.cycle.map((step) => step.name).join(" -> ")
      : violation.to;
    return `${violation.from} -> ${way}\n    ${violation.rule.name}: ${comments.get(violation.rule.name) ?? ""}`;
  });
  return details.length === 0 ? { ok: true, note: `${seen.size} modules` } : { ok: false, details };
}

export function layersGate(toolsRoot: string): Gate {
  return { name: "layers", run: (root) => checkLayers(root, toolsRoot) };
}
