// The counting and choosing of `./gastown test`.
import { expect, test } from "bun:test";
import { dirname } from "node:path";
import { tempDir } from "../tests/support/temp-dir.ts";
import { parseArguments } from "./test/arguments.ts";
import { addCounts, countReport, countsLine } from "./test/junit.ts";
import { filesOf, parts } from "./test/parts.ts";

const paths = [
  "runner/git/mirror.test.ts",
  "runner/git/mirror.ts",
  "tests/e2e/demo.test.ts",
  "tests/integration/git/land.test.ts",
  "tests/kill/kill.test.ts",
  "tests/support/temp-dir.ts",
  "web/board.test.tsx",
];

test("[A1] every test file belongs to exactly one part, and filters choose by path", () => {
  const chosen = parts.map((part) => filesOf(part, paths, []));
  expect(chosen).toEqual([
    ["runner/git/mirror.test.ts", "web/board.test.tsx"],
    ["tests/integration/git/land.test.ts"],
    ["tests/e2e/demo.test.ts"],
    ["tests/kill/kill.test.ts"],
  ]);
  expect(parts.flatMap((part) => filesOf(part, paths, ["git"]))).toEqual([
    "runner/git/mirror.test.ts",
    "tests/integration/git/land.test.ts",
  ]);
});

test("[A1] arguments: parts, paths, what to leave out, seed; bad ones give a sentence", () => {
  const parsed = parseArguments(["unit", "runner/git", "--without=browser,agent", "--seed", "7"]);
  expect(parsed).toMatchObject({
    ok: true,
    value: { partsNamed: true, filters: ["runner/git"], without: ["browser", "agent"], seed: 7 },
  });
  const messages = [["--frobnicate"], ["--seed", "many"], ["--without", "sleep"], ["--seed"]].map(
    (argv) => {
      const wrong = parseArguments(argv);
      return wrong.ok ? "" : wrong.message;
    },
  );
  expect(messages).toEqual([
    "there is no option --frobnicate.",
    '--seed needs a whole number, not "many".',
    '--without knows browser, sandbox, agent, not "sleep".',
    "--seed needs a value.",
  ]);
});

test("[A1] counts add up to the one line that other programs read", () => {
  const sum = addCounts([
    { passed: 3, failed: 0, skipped: 1 },
    { passed: 4, failed: 2, skipped: 0 },
  ]);
  expect(countsLine(sum)).toBe("7 passed, 2 failed, 1 skipped");
  expect(countReport("", ["a.test.ts"])).toEqual({
    counts: { passed: 0, failed: 1, skipped: 0 },
    silent: ["a.test.ts"],
  });
});

test("[A1] a part counts what passed, failed, was skipped, and the file that could not be loaded", async () => {
  await using dir = await tempDir("part");
  const first = `import { expect, test } from "bun:test";
test("[X] one", () => expect(1).toBe(1));
test("[X] two", () => expect(1).toBe(2));
test.skip("[X] three", () => {});
`;
  await Bun.write(`${dir.path}/a.test.ts`, first);
  await Bun.write(`${dir.path}/b.test.ts`, `import { gone } from "./gone.ts";\ngone();\n`);
  // In a process of its own, so that the planted failures are not written between the lines of this run.
  const script = `import { runPart } from ${JSON.stringify(`${dirname(import.meta.dir)}/scripts/test/run-part.ts`)};
const part = { name: "unit", testTimeoutMs: 5000, partTimeoutMs: 30000, workers: 1, shuffled: true };
const counts = await runPart({ root: ${JSON.stringify(dir.path)}, part, files: ["a.test.ts", "b.test.ts"], seed: 1, titlePattern: undefined, env: {} });
console.log(JSON.stringify(counts));`;
  await Bun.write(`${dir.path}/run.ts`, script);
  const child = Bun.spawnSync([process.execPath, `${dir.path}/run.ts`], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const last = child.stdout.toString().trim().split("\n").at(-1) ?? "";
  expect(JSON.parse(last)).toEqual({ passed: 1, failed: 2, skipped: 1 });
});
