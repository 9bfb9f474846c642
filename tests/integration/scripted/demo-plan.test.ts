import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DemoBead } from "../../../demo/beads.ts";
import { demoScript, twoBeadScript, type DemoPlan } from "../../../demo/demo-script.ts";
import { createSampleRepository, type SampleRepository } from "../../../demo/sample-repository.ts";
import { defaultScript } from "../../../scripted/default-script.ts";
import type { Script } from "../../../scripted/script.ts";
import { startScriptedModel, type ScriptedModel } from "../../../scripted/server.ts";
import { playRun, shell } from "./play-run.ts";

const SEEDS = [1, 2, 3, 7];
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "gastown-demo-plan-"));
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

/** The same words at once: what is paced in a demo would only make the test slow. */
function unpaced(script: Script): Script {
  const entries = script.entries.map((entry) => ({
    ...entry,
    turns: entry.turns.map((turn) => ({ ...turn, pauseMs: 0, paceMs: 0 })),
  }));
  return { ...script, entries };
}

async function stage(
  script: Script,
  seed: number,
): Promise<{ model: ScriptedModel; repository: SampleRepository; tree: string }> {
  const place = await mkdtemp(join(dir, "stage-"));
  const repository = await createSampleRepository({ dir: place, seed });
  const tree = join(place, "tree");
  expect((await shell(place, `git clone -q ${repository.bare} ${tree}`)).code).toBe(0);
  return { model: startScriptedModel({ script: unpaced(script) }), repository, tree };
}

async function redGates(
  tree: string,
  repository: SampleRepository,
): Promise<{ name: string; output: string }[]> {
  const red = [];
  for (const gate of repository.gates) {
    const { code, output } = await shell(tree, gate.command);
    if (code !== 0) red.push({ name: gate.name, output });
  }
  return red;
}

async function expectMarkersOnce(tree: string, beads: readonly DemoBead[]): Promise<void> {
  for (const { marker } of beads) {
    expect(
      (await shell(tree, `grep -rhF '${marker}' --exclude-dir=.git . | wc -l`)).output.trim(),
    ).toBe("1");
  }
}

/** Plays each bead through its mishap to its end, in landing order. */
async function playPlan(
  plan: DemoPlan,
  model: ScriptedModel,
  tree: string,
  repository: SampleRepository,
): Promise<void> {
  for (const bead of plan.beads) {
    const run = { model, title: bead.title, tree, role: "polecat" as const };
    let attempt = 1;
    let round = 1;
    if (bead.part === "kill") {
      const used = await playRun({ ...run, attempt: attempt++, answersMax: 2 });
      expect(used.map((use) => use.name)).toEqual(["gt_prime", "write"]);
    } else if (bead.part === "gate") {
      expect((await playRun({ ...run, attempt: attempt++ })).at(-1)?.name).toBe("gt_done");
      const red = await redGates(tree, repository);
      expect(red.map((gate) => gate.name)).toEqual([bead.failingGate as string]);
      expect(red[0]?.output).toContain(
        bead.failingGate === "tests" ? bead.testPath : bead.modulePath,
      );
    } else if (bead.part === "review") {
      expect((await playRun({ ...run, attempt: attempt++ })).at(-1)?.name).toBe("gt_done");
      expect(await redGates(tree, repository)).toEqual([]);
      const verdict = (await playRun({ ...run, role: "refinery" })).at(-1)?.arguments as {
        verdict: string;
        comments: { file: string; line: number; body: string }[];
      };
      expect(verdict.verdict).toBe("request_changes");
      const [comment] = verdict.comments;
      const lines = (await readFile(join(tree, comment?.file ?? ""), "utf8")).split("\n");
      expect(lines[(comment?.line ?? 0) - 1]).not.toBe("");
      expect(comment?.line).toBeGreaterThan(1);
      round = 2;
    } else if (bead.part === "silence") {
      attempt = 2;
    }
    const used = await playRun({ ...run, attempt, round });
    expect(used.filter((use) => use.result.startsWith("Could not"))).toEqual([]);
    expect(used.map((use) => use.name)).toContain("bash");
    expect(used.at(-1)?.name).toBe("gt_done");
    expect(await redGates(tree, repository)).toEqual([]);
    const verdict = await playRun({ ...run, role: "refinery", round });
    expect(verdict.at(-1)?.arguments).toMatchObject({ verdict: "approve" });
  }
}

describe("the demo's plan on its repository", () => {
  test.each(SEEDS)(
    "[A1] seed %d: every mishap shows, everything lands green, each marker once",
    async (seed) => {
      const plan = demoScript(seed);
      const { model, repository, tree } = await stage(plan.script, seed);
      try {
        expect(await redGates(tree, repository)).toEqual([]);
        await playPlan(plan, model, tree, repository);
        await expectMarkersOnce(tree, plan.beads);
      } finally {
        await model.stop();
      }
    },
    60_000,
  );

  test("[A1] playing a bead twice over its own saved work comes to the same tree", async () => {
    const plan = demoScript(1);
    const { model, tree } = await stage(plan.script, 1);
    try {
      for (const bead of plan.beads)
        await playRun({ model, role: "polecat", title: bead.title, tree, attempt: 2, round: 2 });
      await shell(tree, "git add -A");
      const once = (await shell(tree, "git write-tree")).output;
      for (const bead of plan.beads)
        await playRun({ model, role: "polecat", title: bead.title, tree, attempt: 2, round: 2 });
      await shell(tree, "git add -A");
      expect((await shell(tree, "git write-tree")).output).toBe(once);
      await expectMarkersOnce(tree, plan.beads);
    } finally {
      await model.stop();
    }
  }, 60_000);

  test("[A1] beads that may run at once merge without conflict", async () => {
    const plan = demoScript(2);
    const { model, tree } = await stage(plan.script, 2);
    const land = async (keys: readonly string[]) => {
      for (const bead of plan.beads.filter((each) => keys.includes(each.key))) {
        await shell(tree, `git checkout -q -b ${bead.key} main`);
        await playRun({ model, role: "polecat", title: bead.title, tree, attempt: 2, round: 2 });
        expect(
          (
            await shell(
              tree,
              `git add -A && git -c user.name=t -c user.email=t@t commit -qm ${bead.key}`,
            )
          ).code,
        ).toBe(0);
      }
      for (const key of keys)
        expect(
          await shell(
            tree,
            `git checkout -q main && git -c user.name=t -c user.email=t@t merge -q --no-ff --no-edit ${key}`,
          ),
        ).toMatchObject({ code: 0 });
    };
    try {
      for (const level of [["tally", "order"], ["report", "pick"], ["desk"]]) await land(level);
      await expectMarkersOnce(tree, plan.beads);
    } finally {
      await model.stop();
    }
  }, 60_000);

  test("[A1] the two beads of the kill tests end green, each marker once", async () => {
    const plan = twoBeadScript(5);
    const { model, repository, tree } = await stage(plan.script, 5);
    try {
      expect(plan.beads.map((bead) => bead.dependsOn)).toEqual([[], ["tally"]]);
      await playPlan(plan, model, tree, repository);
      await expectMarkersOnce(tree, plan.beads);
    } finally {
      await model.stop();
    }
  }, 60_000);
});

describe("the default script on anybody's repository", () => {
  test("[A1] a polecat appends one line, once, even with quotes in it", async () => {
    const { model, tree } = await stage(defaultScript, 1);
    try {
      const run = { model, role: "polecat" as const, tree };
      for (const attempt of [1, 2]) {
        const used = await playRun({ ...run, title: 'It\'s "quoted" $(touch evil)', attempt });
        expect(used.map((use) => use.name)).toEqual(["gt_prime", "bash", "gt_done"]);
      }
      expect(await readFile(join(tree, "GASTOWN.md"), "utf8")).toBe("bd_test\n");
      await playRun({ ...run, title: "Named\nFile: notes/new file.txt\nLine: it's $HOME" });
      expect(await readFile(join(tree, "notes/new file.txt"), "utf8")).toBe("it's $HOME\n");
      expect((await shell(tree, "ls evil")).code).not.toBe(0);
    } finally {
      await model.stop();
    }
  });
});
