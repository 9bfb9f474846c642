// One part of the tests: one `bun test` over its files.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Counts, countReport } from "./junit.ts";
import type { Part } from "./parts.ts";

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
    const child = Bun.spawn([process.execPath, ...argumentsOf(run, report)], {
      cwd: run.root,
      stdio: ["ignore", "inherit", "inherit"],
      timeout: run.part.partTimeoutMs,
      killSignal: "SIGKILL",
      env: { ...process.env, ...run.env },
    });
    const exitCode = await child.exited;
    if (child.signalCode !== null) {
      console.log(
        `${run.part.name}: ended by ${child.signalCode} (a part has ${run.part.partTimeoutMs / 1000} s)`,
      );
    }
    const file = Bun.file(report);
    const { counts, silent } = countReport(
      (await file.exists()) ? await file.text() : "",
      run.files,
    );
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
