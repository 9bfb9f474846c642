// `./gastown test [part…]`: every test, part by part, and one line of counts over all of them at the end.
import { dirname } from "node:path";
import { parseArguments, type TestArguments, usage } from "./test/arguments.ts";
import { addCounts, type Counts, countsLine } from "./test/junit.ts";
import { needs, provide } from "./test/needs.ts";
import { privateHome } from "./test/home.ts";
import { filesOf, type Part, wavesOf } from "./test/parts.ts";
import { runPart } from "./test/run-part.ts";
import { listFiles } from "./tidy/files.ts";

interface Circumstances {
  seed: number;
  /** Null: the starter's own. */
  home: string | null;
}

/** What the tests see: no setting of this machine's git, what is left out, and the seed of what is drawn. */
function environment(chosen: TestArguments, { seed, home }: Circumstances): Record<string, string> {
  return {
    ...(home === null ? {} : { HOME: home }),
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GASTOWN_TEST_SEED: String(seed),
    GASTOWN_TEST_WITHOUT: chosen.without.join(","),
    GASTOWN_TEST_SAMPLE: chosen.partsNamed || chosen.filters.length > 0 ? "" : "1",
  };
}

async function runParts(
  root: string,
  chosen: TestArguments,
  given: Circumstances,
): Promise<Counts[]> {
  const paths = await listFiles(root);
  const all: Counts[] = [];
  for (const wave of wavesOf(chosen.parts)) {
    const runs = wave.flatMap((part) => {
      const files = filesOf(part, paths, chosen.filters);
      if (files.length === 0 && chosen.filters.length > 0) return [];
      return [runOne(root, part, files, chosen, given)];
    });
    all.push(...(await Promise.all(runs)));
  }
  return all;
}

async function runOne(
  root: string,
  part: Part,
  files: readonly string[],
  chosen: TestArguments,
  given: Circumstances,
): Promise<Counts> {
  const { seed } = given;
  if (files.length === 0) {
    console.log(`${part.name}: there are no test files`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  console.log(`${part.name}: ${files.length} files, seed ${seed}`);
  const startedMs = performance.now();
  const { titlePattern } = chosen;
  const env = environment(chosen, given);
  const counts = await runPart({ root, part, files, seed, titlePattern, env });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${part.name}: ${countsLine(counts)} in ${seconds} s\n`);
  return counts;
}

function leftOutLine(chosen: TestArguments, sampled: boolean): string {
  const left = [
    ...chosen.without.map((need) => `what needs the ${need}`),
    ...(sampled
      ? [
          "kill moments beyond one per victim, demos and beads of more than one other program, kilo's contract in one of its modes, kilo where any agent will do, long tests beyond one of some files (a part by its name runs all of it)",
        ]
      : []),
  ];
  return `left out: ${left.length === 0 ? "nothing" : left.join(", ")}`;
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes("--help")) {
    console.log(usage);
    return 0;
  }
  const parsed = parseArguments(argv);
  if (!parsed.ok) {
    console.error(`gastown test: ${parsed.message}`);
    return 2;
  }
  const chosen = parsed.value;
  const root = dirname(import.meta.dir);
  const missing = provide(
    root,
    needs.filter((need) => !chosen.without.includes(need)),
  );
  for (const sentence of missing) console.error(`gastown test: ${sentence}`);
  if (missing.length > 0) return 2;
  const seed = chosen.seed ?? Math.floor(Math.random() * 1_000_000);
  await using home = await privateHome();
  const all = await runParts(root, chosen, { seed, home: home?.path ?? null });
  const sum = addCounts(all);
  if (all.length === 0)
    console.error(`gastown test: no test file's path contains ${chosen.filters.join(" or ")}.`);
  const unexplained = sum.skipped > 0 && chosen.without.length === 0;
  if (unexplained)
    console.log("a test was skipped although nothing was left out by --without: that is a failure");
  console.log(leftOutLine(chosen, !chosen.partsNamed && chosen.filters.length === 0));
  console.log(countsLine(sum));
  return sum.failed === 0 && sum.passed > 0 && !unexplained ? 0 : 1;
}

process.exit(await main(process.argv.slice(2)));
