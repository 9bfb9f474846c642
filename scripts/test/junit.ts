// Counts from the report that `bun test` writes.

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * The counts of a report over `files`. A file that the report does not name could not be loaded, or had no test:
 * either is one failure, and its path is among `silent`.
 */
export function countReport(
  report: string,
  files: readonly string[],
): { counts: Counts; silent: string[] } {
  const total = /<testsuites\b[^>]*>/.exec(report)?.[0] ?? "";
  const number = (name: string): number =>
    Number(new RegExp(`\\b${name}="(\\d+)"`).exec(total)?.[1] ?? 0);
  const named = new Set(
    [...report.matchAll(/<testsuite\b[^>]*\bfile="([^"]*)"/g)].map(([, file]) => file),
  );
  const silent = files.filter((file) => !named.has(file));
  const failed = number("failures");
  const skipped = number("skipped");
  return {
    counts: {
      passed: number("tests") - failed - skipped,
      failed: failed + silent.length,
      skipped,
    },
    silent,
  };
}

/** The files of a report that took longest, longest first. */
export function slowestFiles(report: string, count: number): { file: string; seconds: number }[] {
  const suites = [
    ...report.matchAll(/^  <testsuite\b[^>]*\bfile="([^"]*)"[^>]*\btime="([^"]*)"/gm),
  ];
  return suites
    .map(([, file = "", time]) => ({ file, seconds: Number(time) }))
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, count);
}

export function addCounts(all: readonly Counts[]): Counts {
  return all.reduce(
    (sum, one) => ({
      passed: sum.passed + one.passed,
      failed: sum.failed + one.failed,
      skipped: sum.skipped + one.skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  );
}

export function countsLine(counts: Counts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}
