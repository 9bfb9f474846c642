// What the tidy checks find, and the exceptions to them.

export interface Finding {
  /** The check's name, e.g. `file-lines`. */
  check: string;
  /** Path relative to the root, with `:line` where a line is meant. */
  place: string;
  /** A sentence that says what to do. */
  message: string;
}

export interface Exception {
  check: string;
  path: string;
  /** Why this one place may stay as it is. */
  because: string;
}

/** Takes the excepted findings away, and reports every exception that excuses nothing any more: the table only shrinks. */
export function withoutExceptions(
  findings: readonly Finding[],
  exceptions: readonly Exception[],
): Finding[] {
  const used = new Set<Exception>();
  const left = findings.filter((finding) => {
    const path = finding.place.replace(/:\d+$/, "");
    const excuse = exceptions.find((entry) => entry.check === finding.check && entry.path === path);
    if (excuse) used.add(excuse);
    return !excuse;
  });
  const stale = exceptions.filter((entry) => !used.has(entry));
  return [
    ...left,
    ...stale.map((entry) => ({
      check: "exceptions",
      place: entry.path,
      message: `the exception from ${entry.check} is not needed any more; remove it from scripts/tidy/exceptions.ts.`,
    })),
  ];
}
