// The counting and choosing of `./gastown test`.
import { expect, test } from "bun:test";
import { tempDir } from "../tests/support/temp-dir.ts";
import { parseArguments } from "./test/arguments.ts";
import { addCounts, countReport, countsLine, slowestFiles } from "./test/junit.ts";
import { filesOf, parts, wavesOf } from "./test/parts.ts";

const paths = [
  "runner/git/mirror.test.ts",
  "runner/git/mirror.ts",
  "tests/e2e/demo.test.ts",
  "tests/integration/git/land.test.ts",
  "tests/kill/kill-town.test.ts",
  "tests/sim/town.test.ts",
  "tests/support/temp-dir.ts",
  "web/board.test.tsx",
];

test("[A1] every test file belongs to exactly one part, and filters choose by path", () => {
  const chosen = parts.map((part) => filesOf(part, paths, []));
  expect(chosen).toEqual([
    ["runner/git/mirror.test.ts", "web/board.test.tsx"],
    ["tests/integration/git/land.test.ts"],
    ["tests/sim/town.test.ts"],
    ["tests/e2e/demo.test.ts"],
    ["tests/kill/kill-town.test.ts"],
  ]);
  expect(parts.flatMap((part) => filesOf(part, paths, ["git"]))).toEqual([
    "runner/git/mirror.test.ts",
    "tests/integration/git/land.test.ts",
  ]);
});

test("[A1] parts that mostly wait are run side by side, the others one after the other", () => {
  const names = wavesOf(parts).map((wave) => wave.map(({ name }) => name));
  expect(names).toEqual([["unit"], ["integration"], ["sim"], ["e2e", "kill"]]);
  expect(wavesOf(parts.slice(0, 2))).toHaveLength(2);
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
    '--without knows browser, sandbox, users, agent, not "sleep".',
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
  const suite = (file: string, time: string) =>
    `  <testsuite name="x" file="${file}" tests="1" time="${time}" hostname="h">\n`;
  expect(slowestFiles(suite("a", "0.5") + suite("b", "12.25") + suite("c", "1"), 2)).toEqual([
    { file: "b", seconds: 12.25 },
    { file: "c", seconds: 1 },
  ]);
});

/** Runs a part in a process of its own, so that planted failures are not written between the lines of this run. */
async function countsOf(root: string, files: string[], partTimeoutMs: number): Promise<unknown> {
  const part = { name: "unit", testTimeoutMs: 60_000, partTimeoutMs, workers: 1, shuffled: true };
  const run = { root, part, files, seed: 1, env: {} };
  const source = `import { runPart } from ${JSON.stringify(`${import.meta.dir}/test/run-part.ts`)};
console.log(JSON.stringify(await runPart({ ...${JSON.stringify(run)}, titlePattern: undefined })));`;
  await Bun.write(`${root}/run.ts`, source);
  const child = Bun.spawn([process.execPath, `${root}/run.ts`], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const lines = (await new Response(child.stdout).text()).trim().split("\n");
  return JSON.parse(lines.at(-1) ?? "");
}

test("[A1] a part counts what passed, failed, was skipped, and the file that could not be loaded", async () => {
  await using dir = await tempDir("part");
  const first = `import { expect, test } from "bun:test";
test("[X] one", () => expect(1).toBe(1));
test("[X] two", () => expect(1).toBe(2));
test.skip("[X] three", () => {});
`;
  await Bun.write(`${dir.path}/a.test.ts`, first);
  await Bun.write(`${dir.path}/b.test.ts`, `import { gone } from "./gone.ts";\ngone();\n`);
  const counts = await countsOf(dir.path, ["a.test.ts", "b.test.ts"], 30_000);
  expect(counts).toEqual({ passed: 1, failed: 2, skipped: 1 });
});

/** Whether a process runs; one that waits for its parent to take note of its end does not. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = Bun.file(`/proc/${pid}/stat`);
  const state = (await stat.exists()) ? /\) (\w)/.exec(await stat.text())?.[1] : undefined;
  return state !== undefined && state !== "Z";
}

test("[A1] a part that hangs is a failure, and nothing that it started lives on", async () => {
  await using dir = await tempDir("part");
  const hanging = `import { test } from "bun:test";
test("[X] hangs", async () => {
  const child = Bun.spawn(["sh", "-c", "echo $$ > pids; sleep 600 & echo $! >> pids; wait"]);
  await child.exited;
});
`;
  await Bun.write(`${dir.path}/a.test.ts`, hanging);
  expect(await countsOf(dir.path, ["a.test.ts"], 1_500)).toEqual({
    passed: 0,
    failed: 1,
    skipped: 0,
  });
  const pids = (await Bun.file(`${dir.path}/pids`).text()).trim().split("\n").map(Number);
  expect(pids.length).toBe(2);
  // Until the test's own time is over: a killed process ends a moment after the signal.
  while ((await Promise.all(pids.map(isRunning))).includes(true)) await Bun.sleep(10);
});
