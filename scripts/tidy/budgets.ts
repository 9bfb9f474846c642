// Budgets on size: lines of files and files of folders. The lines of functions are the linter's.
import { isSource, type TextFile } from "./files.ts";
import type { Finding } from "./finding.ts";

/** Figures of the design: files people can hold in their head. Only ever tightened. */
export const budgets = {
  fileLinesMedian: 120,
  fileLinesP95: 350,
  fileLinesMax: 600,
  folderFilesMax: 20,
} as const;

/** The value below which the share `part` of the sorted values lies (nearest rank). */
function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}

export function lineCount(text: string): number {
  return text === "" ? 0 : text.replace(/\n$/, "").split("\n").length;
}

export function checkBudgets(files: readonly TextFile[]): Finding[] {
  const sources = files.filter((file) => isSource(file.path));
  const lengths = sources.map((file) => ({ path: file.path, lines: lineCount(file.text) }));
  const sorted = lengths.map((entry) => entry.lines).sort((a, b) => a - b);
  const findings: Finding[] = lengths
    .filter((entry) => entry.lines > budgets.fileLinesMax)
    .map((entry) => ({
      check: "file-lines",
      place: entry.path,
      message: `${entry.lines} lines; split it by its nouns, a file has at most ${budgets.fileLinesMax}.`,
    }));
  const spread = [
    { name: "median", value: quantile(sorted, 0.5), max: budgets.fileLinesMedian },
    { name: "95th percentile", value: quantile(sorted, 0.95), max: budgets.fileLinesP95 },
  ];
  for (const { name, value, max } of spread) {
    if (value > max) {
      const longest = [...lengths].sort((a, b) => b.lines - a.lines).slice(0, 5);
      const list = longest.map((entry) => `${entry.path} ${entry.lines}`).join(", ");
      findings.push({
        check: "file-lines-spread",
        place: ".",
        message: `the ${name} of source files is ${value} lines, at most ${max}; the longest: ${list}.`,
      });
    }
  }
  return [...findings, ...checkFolders(sources)];
}

function checkFolders(sources: readonly TextFile[]): Finding[] {
  const counts = new Map<string, number>();
  for (const { path } of sources) {
    const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".";
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > budgets.folderFilesMax)
    .map(([folder, count]) => ({
      check: "folder-files",
      place: folder,
      message: `${count} source files; group them, a folder has at most ${budgets.folderFilesMax}.`,
    }));
}

/** The figures in a few words, e.g. `214 sources, median 84, p95 240, max 410 lines`. */
export function describeSizes(files: readonly TextFile[]): string {
  const sorted = files
    .filter((file) => isSource(file.path))
    .map((file) => lineCount(file.text))
    .sort((a, b) => a - b);
  return `${sorted.length} sources, median ${quantile(sorted, 0.5)}, p95 ${quantile(sorted, 0.95)}, max ${sorted.at(-1) ?? 0} lines`;
}
