// The live smoke, with the scripted model as an endpoint that wants a key.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SmokeReport } from "../../../cli/smoke/report.ts";
import { smokeWish, twoBeadScript } from "../../../demo/demo-script.ts";
import { scriptSchema, type ScriptInput } from "../../../scripted/script.ts";
import { startScriptedModel, type ScriptedModel } from "../../../scripted/server.ts";
import { isLeftOut } from "../../support/left-out.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { runCli } from "./run-cli.ts";
import { oneOfThem } from "../../support/sample.ts";

const long = oneOfThem("smoke", 3);

const LIMIT_MS = 300_000;
const SEED = 7;
const KEY = "sk-canary-3b9e0c55d1a7412f";
const needsAgent = isLeftOut("agent") || isLeftOut("sandbox");

let model: ScriptedModel;
beforeEach(() => serve());
afterEach(() => model.stop());

/** `first` is played before the sample project's own script. */
function serve(first: ScriptInput["entries"] = [], key = KEY): void {
  const { script } = twoBeadScript(SEED);
  const entries = [...first, ...script.entries];
  model = startScriptedModel({
    script: scriptSchema.parse({ ...script, entries }),
    apiKey: key,
    models: ["scripted"],
  });
}

function smoke(dir: string, ...more: string[]) {
  const chosen = ["--provider", "openai-compatible", "--url", model.url, "--model", "scripted"];
  return runCli(["smoke", "--live", "--seed", `${SEED}`, "--json", ...chosen, ...more], {
    env: { GASTOWN_MODEL_KEY: KEY, HOME: dir, XDG_CONFIG_HOME: dir },
  });
}

async function ownFolders(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith("gastown-smoke-"));
}

long(() =>
  test.skipIf(needsAgent)(
    "[A10] with a key it plans and lands two beads, says what that took, and leaves nothing but the folder that was named",
    async () => {
      await using dir = await tempDir("smoke");
      const before = await ownFolders();
      const data = join(dir.path, "data");
      const { code, out, err } = await smoke(dir.path, "--data", data);
      const report = JSON.parse(out) as SmokeReport;
      expect(report).toMatchObject({
        ...{ event: "smoke", ok: true, reason: null, model: "scripted" },
        ...{ beads: 2, landed: 2, reprompts: 0 },
        usage: { costUsd: 0, unpricedCalls: report.usage.calls },
      });
      expect(code).toBe(0);
      // Two beads, each worked on and reviewed by an agent of at least two calls, after the Mayor's.
      expect(report.usage.calls).toBeGreaterThanOrEqual(10);
      expect(report.usage.inputTokens).toBeGreaterThan(report.usage.outputTokens);
      expect(report.usage.outputTokens).toBeGreaterThan(100);
      expect(await ownFolders()).toEqual(before);
      for (const text of [out, err]) expect(text).not.toContain(KEY);
      for (const name of ["town.log", "runner.log"])
        expect(await readFile(join(data, "logs", name), "utf8")).not.toContain(KEY);
    },
    LIMIT_MS,
  ),
);

long(() =>
  test.skipIf(needsAgent)(
    "[A10] it ends by itself when its budget is used up, with what was spent, and leaves nothing",
    async () => {
      await using dir = await tempDir("smoke");
      const before = await ownFolders();
      const { code, out } = await smoke(dir.path, "--tokens", "3000");
      expect(JSON.parse(out)).toMatchObject({
        ...{ event: "smoke", ok: false },
        reason: expect.stringContaining("budget"),
      });
      expect(code).toBe(1);
      expect(await ownFolders()).toEqual(before);
      // Keys of towns lie there otherwise.
      expect(await readdir(dir.path)).not.toContain("gastown");
    },
    LIMIT_MS,
  ),
);

long(() =>
  test.skipIf(needsAgent)(
    "[A10] a Mayor that makes no bead ends it with his words; agents that forget their result are counted",
    async () => {
      await model.stop();
      serve([{ role: "mayor", turns: [{ text: "Which project do you mean?" }] }]);
      await using dir = await tempDir("smoke");
      const asked = await smoke(dir.path);
      expect(asked.code).toBe(1);
      expect(JSON.parse(asked.out)).toMatchObject({
        reason: "The Mayor made no bead. It said: Which project do you mean?",
      });
      await model.stop();
      // The refinery's verdict is left out once; polecats whose gates are green are not asked again.
      const fault = { kind: "no_terminal", times: 1 } as const;
      serve([
        {
          role: "refinery",
          turns: [
            { text: "# Reading\n", tools: [{ name: "gt_prime" }] },
            { text: "Fine.", fault },
            {
              text: "# Approving\n",
              tools: [{ name: "gt_verdict", arguments: { verdict: "approve", summary: "Fine." } }],
            },
          ],
        },
      ]);
      const { code, out } = await smoke(dir.path);
      expect(JSON.parse(out)).toMatchObject({ ok: true, landed: 2, reprompts: 2 });
      expect(code).toBe(0);
    },
    LIMIT_MS,
  ),
);

test("[A10] a wrong key, and a wish without --live, end in one line before anything is begun", async () => {
  await model.stop();
  serve([], "another key");
  await using dir = await tempDir("smoke");
  const before = await ownFolders();
  const wrong = await smoke(dir.path);
  expect([wrong.code, wrong.out, wrong.err.trim().split("\n").length]).toEqual([1, "", 1]);
  expect(wrong.err).toMatch(/key/i);
  expect(wrong.err).not.toContain(KEY);
  const careless = ["--provider", "kilo", "--url", model.url, "--model", "scripted"];
  const asked = await runCli(["smoke", ...careless], { env: { HOME: dir.path } });
  expect([asked.code, asked.err]).toEqual([2, expect.stringContaining("--live")]);
  expect(model.calls().count).toBe(0);
  expect(await ownFolders()).toEqual(before);
});

test("[A10] what the Mayor is asked says how it is to be cut", () => {
  expect(smokeWish(SEED)).toStartWith(twoBeadScript(SEED).wish);
  expect(smokeWish(SEED)).toContain("two beads");
});
