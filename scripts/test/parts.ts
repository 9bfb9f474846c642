// The parts of `./gastown test`: which files belong to each, and how long they may take.
import { isTypeScript } from "../tidy/files.ts";

export interface Part {
  name: "unit" | "integration" | "sim" | "e2e" | "kill";
  /** Bounds one test. */
  testTimeoutMs: number;
  /** Bounds the whole part. */
  partTimeoutMs: number;
  /** Test files at once: more than cores where they mostly wait for agents. */
  workers: number;
  /** Whether the order of the tests of a file is shuffled; those that tell one story keep theirs. */
  shuffled: boolean;
}

const minuteMs = 60_000;

export const parts: readonly Part[] = [
  { name: "unit", testTimeoutMs: 20_000, partTimeoutMs: 5 * minuteMs, workers: 2, shuffled: true },
  {
    name: "integration",
    testTimeoutMs: 2 * minuteMs,
    partTimeoutMs: 30 * minuteMs,
    workers: 3,
    shuffled: true,
  },
  {
    name: "sim",
    testTimeoutMs: 5 * minuteMs,
    partTimeoutMs: 10 * minuteMs,
    workers: 2,
    shuffled: false,
  },
  {
    name: "e2e",
    testTimeoutMs: 5 * minuteMs,
    partTimeoutMs: 20 * minuteMs,
    workers: 1,
    shuffled: false,
  },
  {
    name: "kill",
    testTimeoutMs: 5 * minuteMs,
    partTimeoutMs: 60 * minuteMs,
    workers: 2,
    shuffled: false,
  },
];

/** Parts that are run side by side: those two mostly wait for agents. */
const SIDE_BY_SIDE: readonly Part["name"][] = ["e2e", "kill"];

/** The chosen parts in the order in which they are run, those that are run side by side together. */
export function wavesOf(chosen: readonly Part[]): Part[][] {
  const together = chosen.filter(({ name }) => SIDE_BY_SIDE.includes(name));
  const alone = chosen.filter((part) => !together.includes(part)).map((part) => [part]);
  return together.length === 0 ? alone : [...alone, together];
}

/** The test files of a part among `paths`; those beside the sources are the unit tests. */
export function filesOf(
  part: Part,
  paths: readonly string[],
  filters: readonly string[],
): string[] {
  return paths.filter((path) => {
    if (!isTypeScript(path) || !/\.test\.tsx?$/.test(path)) return false;
    const home = path.startsWith("tests/") ? path.split("/")[1] : "unit";
    const chosen = filters.length === 0 || filters.some((filter) => path.includes(filter));
    return home === part.name && chosen;
  });
}
