// The gates of `./gastown check`, the slowest first.
import { tidy, findingLine } from "../tidy.ts";
import { listFiles, sourceRoots } from "../tidy/files.ts";
import type { Gate, GateResult } from "./gate.ts";
import { layersGate } from "./layers.ts";
import { linesOf, runTool, type ToolRun } from "./run-tool.ts";

/** All gates, with the tools installed under `toolsRoot`. */
export function allGates(toolsRoot: string): Gate[] {
  const tool = (name: string, command: string, args: readonly string[], note: string): Gate => ({
    name,
    run: async (root) => fromExitCode(await runTool(toolsRoot, command, args, root), note),
  });
  return [
    tool("types", "tsc", ["--noEmit", "--pretty", "false"], "strict"),
    lintGate(toolsRoot),
    tool("unused", "knip", ["--no-progress"], "files, exports, packages"),
    layersGate(toolsRoot),
    tool("format", "oxfmt", ["--list-different", "."], "100 columns"),
    { name: "tidy", run: checkTidy },
  ];
}

/** Lint of a tree with the rules of `toolsRoot`. */
export async function checkLint(root: string, toolsRoot: string): Promise<GateResult> {
  const files = await listFiles(root);
  const roots = sourceRoots.filter((name) =>
    files.some((file) => file === name || file.startsWith(`${name}/`)),
  );
  const args = [
    "--config",
    `${toolsRoot}/.oxlintrc.json`,
    "--report-unused-disable-directives-severity=error",
    "--format=unix",
    ...roots,
  ];
  return fromExitCode(await runTool(toolsRoot, "oxlint", args, root), "type-aware");
}

function lintGate(toolsRoot: string): Gate {
  return { name: "lint", run: (root) => checkLint(root, toolsRoot) };
}

async function checkTidy(root: string): Promise<GateResult> {
  const { findings, sizes } = await tidy(root);
  return findings.length === 0
    ? { ok: true, note: sizes }
    : { ok: false, details: findings.map(findingLine) };
}

function fromExitCode(run: ToolRun, note: string): GateResult {
  if (run.exitCode === 0) return { ok: true, note };
  const lines = [...linesOf(run.stdout), ...linesOf(run.stderr)];
  return {
    ok: false,
    details: lines.length > 0 ? lines : [`ended with ${run.exitCode} and no output`],
  };
}
