// Planted violations: each gate catches what it is there for, on a small tree of its own.
import { expect, test } from "bun:test";
import { symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { tempDir } from "../tests/support/temp-dir.ts";
import { type Gate, runGates } from "./check/gate.ts";
import { checkLint } from "./check/gates.ts";
import { checkLayers } from "./check/layers.ts";
import { findingLine, tidy } from "./tidy.ts";
import type { Exception } from "./tidy/finding.ts";

const repository = dirname(import.meta.dir);

async function plant(root: string, files: Record<string, string>): Promise<void> {
  await symlink(join(repository, "node_modules"), join(root, "node_modules"));
  const tsconfig = await Bun.file(join(repository, "tsconfig.json")).text();
  for (const [path, text] of Object.entries({ "tsconfig.json": tsconfig, ...files })) {
    await Bun.write(join(root, path), text);
  }
}

async function layersOf(files: Record<string, string>): Promise<string[]> {
  await using dir = await tempDir("layers");
  await plant(dir.path, files);
  const result = await checkLayers(dir.path, repository);
  return result.ok ? [] : result.details;
}

async function tidyOf(
  files: Record<string, string>,
  exceptions: readonly Exception[] = [],
): Promise<string[]> {
  await using dir = await tempDir("tidy");
  for (const [path, text] of Object.entries(files)) await Bun.write(join(dir.path, path), text);
  const { findings } = await tidy(dir.path, exceptions);
  return findings.map(findingLine);
}

async function lintOf(files: Record<string, string>): Promise<string> {
  await using dir = await tempDir("lint");
  await plant(dir.path, files);
  const result = await checkLint(dir.path, repository);
  return result.ok ? "" : result.details.join("\n");
}

/** A module that others can import. */
const leaf = "export const leaf = 1;\n";

const imports = (target: string): string =>
  `import { leaf } from "${target}";\nexport const own = leaf;\n`;

test("[CHECK-layers] a tree within its layers passes", async () => {
  const details = await layersOf({
    "protocol/ids.ts": `import { z } from "zod";\nexport const leaf = z.string();\n`,
    "server/model/lease.ts": imports("../../protocol/ids.ts"),
    "server/reconcile/plan.ts": imports("../model/lease.ts").replace("{ leaf }", "{ own as leaf }"),
    "server/store/writes/bead.ts": `import { Database } from "bun:sqlite";\nexport const leaf = Database;\n`,
    "server/loop/tick.ts": imports("../store/writes/bead.ts"),
    "runner/session/hello.ts": imports("../../protocol/ids.ts"),
  });
  expect(details).toEqual([]);
});

const forbidden: [what: string, from: string, target: string, rule: string][] = [
  ["protocol imports the server", "protocol/a.ts", "server/model/leaf.ts", "layer-protocol"],
  [
    "the model imports the store",
    "server/model/a.ts",
    "server/store/leaf.ts",
    "layer-server-model",
  ],
  [
    "reconcile imports the loop",
    "server/reconcile/a.ts",
    "server/loop/leaf.ts",
    "layer-server-reconcile",
  ],
  ["the server imports the runner", "server/loop/a.ts", "runner/leaf.ts", "layer-server"],
  ["the runner imports the server", "runner/a.ts", "server/model/leaf.ts", "layer-runner"],
  ["the web imports the runner", "web/a.ts", "runner/leaf.ts", "layer-web"],
  [
    "the loop imports a test's support",
    "server/loop/a.ts",
    "tests/leaf.ts",
    "nothing-imports-tests-or-scripts",
  ],
  [
    "the runner imports a script",
    "runner/a.ts",
    "scripts/leaf.ts",
    "nothing-imports-tests-or-scripts",
  ],
  ["an edge writes the store", "server/http/a.ts", "server/store/writes/leaf.ts", "store-writers"],
  ["auth reads the store", "server/auth/a.ts", "server/store/leaf.ts", "store-readers"],
];

test.each(forbidden)("[CHECK-layers] caught: %s", async (_what, from, target, rule) => {
  const up = "../".repeat(from.split("/").length - 1);
  const details = await layersOf({ [target]: leaf, [from]: imports(up + target) });
  expect(details.join("\n")).toContain(`${from} -> ${target}`);
  expect(details.join("\n")).toContain(rule);
});

test("[CHECK-layers] caught: an import of types alone", async () => {
  const details = await layersOf({
    "server/model/bead.ts": "export interface Bead {\n  id: string;\n}\n",
    "runner/a.ts": `import type { Bead } from "../server/model/bead.ts";\nexport type Own = Bead;\n`,
    // The parser does not know this declaration; it must not end the look at the rest.
    "runner/b.ts": `export function go(): void {\n  using held = take();\n}\n`,
  });
  expect(details.join("\n")).toContain("runner/a.ts -> server/model/bead.ts");
});

test("[CHECK-layers] caught: two files that import each other", async () => {
  const details = await layersOf({
    "runner/a.ts": `import { b } from "./b.ts";\nexport const a = (): number => b();\n`,
    "runner/b.ts": `import { a } from "./a.ts";\nexport const b = (): number => a();\n`,
  });
  expect(details.join("\n")).toContain("no-circular");
});

test("[CHECK-layers] caught: bun:sqlite outside its owners, and built-in modules in the pure layers", async () => {
  const sqlite = `import { Database } from "bun:sqlite";\nexport const own = Database;\n`;
  const details = await layersOf({
    "server/http/a.ts": sqlite,
    "server/model/b.ts": `import { join } from "node:path";\nexport const own = join;\n`,
  });
  expect(details.join("\n")).toContain("server/http/a.ts -> bun:sqlite");
  expect(details.join("\n")).toContain("server/model/b.ts -> path");
});

test("[CHECK-layers] a tree that the tool cannot see fails instead of passing", async () => {
  await using dir = await tempDir("layers");
  const result = await checkLayers(dir.path, repository);
  expect(result).toEqual({ ok: false, details: ["there is no source file to look at"] });
});

const lines = (count: number): string => "export {};\n".repeat(count);

test("[CHECK-budgets] caught: a file over 600 lines, but not one of 600", async () => {
  const small = Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => [`runner/s${n % 4}/f${n}.ts`, leaf]),
  );
  expect(await tidyOf({ ...small, "runner/long.ts": lines(600) })).toEqual([]);
  const found = await tidyOf({ ...small, "runner/long.ts": lines(601) });
  expect(found).toEqual([expect.stringContaining("runner/long.ts: 601 lines")]);
});

test("[CHECK-budgets] caught: a median over 120 and a 95th percentile over 350 lines", async () => {
  const found = await tidyOf({
    "runner/a.ts": lines(121),
    "runner/b.ts": lines(121),
    "runner/c.ts": lines(351),
  });
  expect(found.join("\n")).toContain("the median of source files is 121 lines");
  expect(found.join("\n")).toContain("the 95th percentile of source files is 351 lines");
});

test("[CHECK-budgets] caught: a folder of more than 20 sources; its tests do not count", async () => {
  const files = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`runner/f${n}.ts`, leaf]));
  expect(await tidyOf({ ...files, "runner/f0.test.ts": leaf })).toEqual([]);
  const found = await tidyOf({ ...files, "runner/f20.ts": leaf });
  expect(found).toEqual([expect.stringContaining("runner: 21 source files")]);
});

test("[CHECK-budgets] caught: a function over 70 lines, but not one of 70", async () => {
  const body = (count: number): string => "  n += 1;\n".repeat(count);
  const source = (count: number): string =>
    `export function long(): number {\n  let n = 0;\n${body(count - 4)}  return n;\n}\n`;
  expect(await lintOf({ "runner/long.ts": source(70) })).toBe("");
  expect(await lintOf({ "runner/long.ts": source(71) })).toContain("max-lines-per-function");
});

const calls = [
  "Date.now()",
  "new Date(0)",
  "performance.now()",
  "Math.random()",
  "crypto.randomUUID()",
  "setTimeout(later, 1)",
  "setInterval(later, 1)",
  'fetch("")',
  "Bun.file(path)",
  "process.env",
  "console.log(1)",
  "await later()",
];

test.each(calls)("[CHECK-banned-calls] caught in the pure layers: %s", async (call) => {
  const source = `export const value = ${call};\n`;
  for (const folder of ["protocol", "server/model", "server/reconcile"]) {
    const found = await tidyOf({ [`${folder}/a.ts`]: source });
    expect(found).toEqual([expect.stringContaining(`${folder}/a.ts:1`)]);
  }
  expect(await tidyOf({ "server/loop/a.ts": source, "server/model/a.test.ts": source })).toEqual(
    [],
  );
});

const timeCalls = [
  ...["Date.now()", "new Date()", "performance.now()", "Bun.nanoseconds()", "Bun.sleep(1)"],
  ...["setTimeout(act, 1)", "setInterval(act, 1)", "setImmediate(act)", "AbortSignal.timeout(1)"],
  ...["Math.random()", "crypto.getRandomValues(bytes)", "randomUUID()", "randomBytes(2)"],
];

test.each(timeCalls)("[CHECK-banned-calls] caught in the simulated runner: %s", async (call) => {
  const source = `export const value = ${call};\n`;
  for (const folder of ["session", "spool", "runs/kinds", "merge", "git"]) {
    const found = await tidyOf({ [`runner/${folder}/a.ts`]: source });
    expect(found).toEqual([expect.stringContaining(`runner/${folder}/a.ts:1`)]);
  }
  expect(await tidyOf({ "runner/process/a.ts": source, "runner/runs/a.test.ts": source })).toEqual(
    [],
  );
});

test("[CHECK-banned-calls] words in comments and texts are not calls", async () => {
  const source = `// Date.now() is banned\n/* await\n process.exit */\nexport const text = "console.log";\n`;
  expect(await tidyOf({ "protocol/a.ts": source })).toEqual([]);
});

test("[CHECK-banned-calls] caught: a process started outside its owners, and a focused test", async () => {
  const spawn = "export const child = Bun.spawn(command);\n";
  const found = await tidyOf({
    "runner/process/spawn.ts": spawn,
    "runner/git/a.ts": spawn,
    "server/http/a.ts": `import { spawn } from "node:child_process";\nexport const own = spawn;\n`,
    "runner/git/a.test.ts": `test${".only"}("[X] one", run);\n`,
  });
  expect(found.length).toBe(3);
  expect(found.join("\n")).toContain("runner/git/a.ts:1: Bun.spawn");
  expect(found.join("\n")).toContain("server/http/a.ts:1: child_process");
  expect(found.join("\n")).toContain("runner/git/a.test.ts:1: .only");
});

test("[CHECK-lint] caught: promises left alone, any, console, loose equality, unused excuses", async () => {
  const found = await lintOf({
    "server/a.ts": [
      "async function later(): Promise<void> {",
      "  await Promise.resolve();",
      "}",
      "export function go(value: any): boolean {",
      "  later();",
      "  console.log(value);",
      "  // oxlint-disable-next-line no-var",
      "  return value == 1;",
      "}",
      "",
    ].join("\n"),
  });
  const rules = [
    "no-floating-promises",
    "no-explicit-any",
    "no-console",
    "eqeqeq",
    "Unused oxlint-disable",
  ];
  for (const rule of rules) expect(found).toContain(rule);
});

const rulePath = "server/reconcile/rules/run/declare-lost.ts";
const ruleTree = {
  [rulePath]: `export const id = "run/declare-lost";\n`,
  "docs/spec.md": "# Rules\n\n`run/declare-lost`: a run whose lease ended is lost.\n",
  "server/reconcile/README.md": "# Rules\n\n| `run/declare-lost` | a lease ended |\n",
  "server/reconcile/rules/run/declare-lost.test.ts": `test("[run/declare-lost] an ended lease", run);\n`,
};

test("[CHECK-rules] a rule with its id everywhere passes", async () => {
  expect(await tidyOf(ruleTree)).toEqual([]);
});

test.each([
  ["docs/spec.md", "docs/spec.md"],
  ["server/reconcile/README.md", "server/reconcile/README.md"],
  ["server/reconcile/rules/run/declare-lost.test.ts", "the title of a test"],
])("[CHECK-rules] caught: a rule's id is missing in %s", async (path, name) => {
  const found = await tidyOf({ ...ruleTree, [path]: path.endsWith(".md") ? "# Rules\n" : leaf });
  expect(found).toEqual([expect.stringContaining(`the id run/declare-lost is missing in ${name}`)]);
});

test("[CHECK-rules] caught: a row of the table whose rule is gone", async () => {
  const { [rulePath]: _rule, ...rest } = ruleTree;
  expect(await tidyOf(rest)).toEqual([
    expect.stringContaining("the rule run/declare-lost has no file"),
  ]);
});

test("[CHECK-documents] caught: a scenario that no test shows, and one that the page does not know", async () => {
  const [one, two] = ["ONE", "TWO"].map((word) => `SC-${word}-1`);
  const page = { "docs/scenarios.md": `# Scenarios\n\n| \`${one}\` | it rains |\n` };
  const shows = (id = "") => ({ "server/rain.test.ts": `test("[B1] [${id}] it rains", run);\n` });
  expect(await tidyOf({ ...page, ...shows(one) })).toEqual([]);
  expect(await tidyOf({ ...page, ...shows(two) })).toEqual([
    expect.stringContaining(`${one} is in the title of no test`),
    expect.stringContaining(`${two} is not in docs/scenarios.md`),
  ]);
});

test("[CHECK-documents] caught: bad input that no test shows", async () => {
  const row = (shown: string) => ({
    "docs/hostile.md": `# Bad input\n\n| what it does | test |\n|---|---|\n| it rains | ${shown} |\n`,
  });
  const shows = { "server/rain.test.ts": 'test("[B1] what falls when it rains is told", run);\n' };
  expect(await tidyOf({ ...row("it rains; what falls"), ...shows })).toEqual([]);
  expect(await tidyOf({ ...row("it rains; it snows"), ...shows })).toEqual([
    expect.stringContaining('"it snows" is in the title of no test'),
  ]);
});

test("[CHECK-documents] caught: a second title, and a link that leads nowhere; code blocks do not count", async () => {
  const text =
    "# One\n\n```sh\n# a comment\n```\n\n[here](two.md) [web](https://example.org) [top](#one)\n";
  expect(await tidyOf({ "docs/one.md": text, "docs/two.md": "# Two\n" })).toEqual([]);
  const found = await tidyOf({ "docs/one.md": `${text}\n# Again\n` });
  expect(found.join("\n")).toContain("docs/one.md: has 2 titles");
  expect(found.join("\n")).toContain("the link to two.md leads nowhere");
});

test("[CHECK-words] caught: paths of one machine, package registries, notes to self", async () => {
  const words = [
    ["", "root", "x"].join("/"),
    `https://${"registry"}.example.org/x`,
    "TO" + "DO later",
  ];
  const found = await tidyOf({ "docs/a.md": `# A\n\n${words.join("\n")}\n` });
  expect(found.length).toBe(3);
});

test("[CHECK-names] caught: empty names, other cases, imports without extension, titles without id", async () => {
  const found = await tidyOf({
    "runner/git-helper.ts": leaf,
    "runner/gitStore.ts": leaf,
    "runner/index.ts": leaf,
    "runner/a.ts": `import { b } from "./b";\nexport const a = b;\n`,
    "runner/a.test.ts": `test("works", run);\n`,
  });
  const checks = found.map((line) => /\(([\w-]+)\)$/.exec(line)?.[1] ?? "");
  expect(checks.sort()).toEqual([
    "file-name",
    "file-name",
    "file-name",
    "import-extension",
    "test-title",
  ]);
});

test("[CHECK-exceptions] an exception excuses its place, and one that excuses nothing is a finding", async () => {
  const entry: Exception = { check: "file-name", path: "runner/index.ts", because: "planted" };
  expect(await tidyOf({ "runner/index.ts": leaf }, [entry])).toEqual([]);
  const found = await tidyOf({ "runner/a.ts": leaf }, [entry]);
  expect(found).toEqual([expect.stringContaining("not needed any more")]);
});

test("[CHECK-gates] gates run beside each other, and the failure of one stops no other", async () => {
  const both = Promise.withResolvers<void>();
  let started = 0;
  const gate = (name: string, ok: boolean): Gate => ({
    name,
    run: async () => {
      started += 1;
      if (started === 2) both.resolve();
      await both.promise;
      return ok
        ? ({ ok: true, note: "" } as const)
        : ({ ok: false, details: ["planted"] } as const);
    },
  });
  const ended: string[] = [];
  const outcomes = await runGates(
    [gate("a", false), gate("b", true), gate("c", true)],
    repository,
    2,
    (outcome) => ended.push(outcome.name),
  );
  expect(ended.sort()).toEqual(["a", "b", "c"]);
  expect(outcomes.filter((outcome) => !outcome.result.ok).map((outcome) => outcome.name)).toEqual([
    "a",
  ]);
});
