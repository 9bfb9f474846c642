// One part of the tests: one `bun test` over its files.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Counts, countReport, slowestFiles } from "./junit.ts";
import type { Part } from "./parts.ts";
import { killTree } from "./process-tree.ts";

/** How many of the slowest files are named. */
const SLOWEST = 24;

export interface PartRun {
  root: string;
  part: Part;
  files: readonly string[];
  seed: number;
  /** Only tests whose title matches, when given. */
  titlePattern: string | undefined;
  env: Record<string, string>;
}

/** Runs the part with its output on this terminal, and counts. Ends every process that its tests left. */
export async function runPart(run: PartRun): Promise<Counts> {
  const folder = await mkdtemp(join(tmpdir(), "gastown-test-"));
  try {
    const report = join(folder, "report.xml");
    const exitCode = await runTests(run, report);
    const file = Bun.file(report);
    const text = (await file.exists()) ? await file.text() : "";
    const { counts, silent } = countReport(text, run.files);
    for (const { file: path, seconds } of slowestFiles(text, SLOWEST))
      console.log(`${seconds.toFixed(1).padStart(7)} s ${path}`);
    // A chosen title leaves files without a test on purpose.
    if (run.titlePattern !== undefined) {
      const failed = counts.failed - silent.length;
      return { ...counts, failed: exitCode === 0 ? failed : Math.max(failed, 1) };
    }
    for (const path of silent)
      console.log(`${path}: gave no test (it could not be loaded, or has none)`);
    return { ...counts, failed: exitCode === 0 ? counts.failed : Math.max(counts.failed, 1) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The exit code of `bun test`; it is ended with all it started when its time is over or this process is told to end. */
async function runTests(run: PartRun, report: string): Promise<number> {
  const child = Bun.spawn([process.execPath, ...argumentsOf(run, report)], {
    cwd: run.root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...run.env },
  });
  const deadline = setTimeout(() => {
    console.log(`${run.part.name}: not done after ${run.part.partTimeoutMs / 1000} s; ended`);
    killTree(child.pid);
  }, run.part.partTimeoutMs);
  running.add(child.pid);
  if (running.size === 1) process.on("SIGINT", interrupted).on("SIGTERM", interrupted);
  const exitCode = await child.exited;
  running.delete(child.pid);
  if (running.size === 0) process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
  clearTimeout(deadline);
  return exitCode;
}

/** Parts may be run side by side: all end when this process is told to. */
const running = new Set<number>();

function interrupted(): never {
  for (const pid of running) killTree(pid);
  process.exit(130);
}

function argumentsOf(run: PartRun, report: string): string[] {
  return [
    "test",
    "--no-orphans",
    "--only-failures",
    `--timeout=${run.part.testTimeoutMs}`,
    "--reporter=junit",
    `--reporter-outfile=${report}`,
    ...(run.part.workers > 1 ? [`--parallel=${run.part.workers}`] : []),
    ...(run.part.shuffled ? ["--randomize", `--seed=${run.seed}`] : []),
    ...(run.titlePattern === undefined ? [] : ["--test-name-pattern", run.titlePattern]),
    ...run.files.map((file) => `./${file}`),
  ];
}
