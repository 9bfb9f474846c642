// A runner that is told to stop: what its runs get to end by themselves, and what becomes of them.
import { afterEach, expect, test } from "bun:test";
import type { ScriptInput } from "../../../scripted/script.ts";
import { personGit } from "../../support/git-rig.ts";
import { isLeftOut } from "../../support/left-out.ts";
import { baselineSpec, LIMITS, rigSpec, sessionSpec, workSpec } from "./specs.ts";
import { openStage, type Stage } from "./stage.ts";

const needsAgent = isLeftOut("agent");
let stage: Stage;
afterEach(() => stage?.close());

const write = (line: string) => ({
  name: "bash",
  arguments: { command: `echo ${line} >> line.txt`, description: "Writes" },
});
const polecat = (turns: ScriptInput["entries"][number]["turns"]) => ({
  name: "drain",
  entries: [{ role: "polecat" as const, turns }],
});

async function working(script: ReturnType<typeof polecat>, drainGraceMs: number) {
  stage = await openStage(script);
  stage.town.drainGraceMs = drainGraceMs;
  const runner = await stage.start();
  const { town } = stage;
  await town.until(() => town.hellos[0]);
  const spec = workSpec(rigSpec(stage.remoteDir), { program: stage.program });
  await town.offer(spec);
  await town.until(() => town.of("progress", spec.runId)[0]);
  return { runner, town, spec };
}

test.skipIf(needsAgent)(
  "[C9] a polecat that hands in within the grace of its runner is not evicted, and nothing new is taken meanwhile",
  async () => {
    const { runner, town, spec } = await working(
      polecat([
        { text: "# Writing\n", tools: [write("hello")] },
        {
          text: "# Handing in\n",
          tools: [{ name: "gt_done", arguments: { summary: "Wrote a line." } }],
          pauseMs: 1_000,
        },
      ]),
      60_000,
    );
    const stopped = runner.stop("SIGTERM");
    await town.until(() => town.leavings[0]);
    expect(await town.offer(workSpec(rigSpec(stage.remoteDir)))).toMatchObject({
      value: { accepted: false, code: "draining" },
    });
    await stopped;
    expect(town.of("exit", spec.runId)).toMatchObject([{ outcome: "done" }]);
    expect(town.of("work_done", spec.runId)).toHaveLength(1);
  },
  60_000,
);

test.skipIf(needsAgent)(
  "[C9] [C20] after the grace a turn is cut short: its work is saved, copied to the repository, and told before the end",
  async () => {
    const { runner, town, spec } = await working(
      polecat([
        { text: "# Writing\n", tools: [write("hello")] },
        { text: "# Waiting\n", fault: { kind: "silence" } },
      ]),
      200,
    );
    await runner.stop("SIGTERM");
    expect(await runner.stopped).toBe(0);
    expect(town.of("exit", spec.runId)).toMatchObject([
      { outcome: "evicted", reason: { code: "drained" } },
    ]);
    const [saved] = town.of("saved_work", spec.runId);
    expect(await personGit(stage.remoteDir, "show", `${saved?.ref}:line.txt`)).toBe("hello");
    const told = town.facts.map(({ body }) => body.kind);
    expect(told.indexOf("saved_work")).toBeLessThan(told.indexOf("exit"));
    expect(town.leavings[0]).toBeLessThanOrEqual(told.indexOf("saved_work"));
  },
  60_000,
);

test.skipIf(needsAgent)(
  "[C9] an idle Mayor leaves at once, however long the grace is",
  async () => {
    stage = await openStage({
      name: "mayor",
      entries: [{ role: "mayor", turns: [{ text: "Hello." }] }],
    });
    stage.town.drainGraceMs = 60_000;
    const runner = await stage.start();
    const { town } = stage;
    await town.until(() => town.hellos[0]);
    const spec = sessionSpec({ limits: { ...LIMITS, warmMs: 600_000 } });
    await town.offer(spec);
    await town.until(() => town.of("turn_ended", spec.runId)[0]);
    await runner.stop("SIGTERM");
    expect(town.of("exit", spec.runId)).toMatchObject([{ outcome: "evicted" }]);
  },
  45_000,
);

test("[C9] a runner that comes back to its town while it stops says so with its hello", async () => {
  stage = await openStage();
  stage.town.drainGraceMs = 60_000;
  const runner = await stage.start();
  const { town } = stage;
  await town.until(() => town.hellos[0]);
  const gates = [{ name: "slow", command: "sleep 20", timeoutMs: 60_000 }];
  const spec = baselineSpec(rigSpec(stage.remoteDir, { gates }));
  await town.offer(spec);
  await town.until(() => town.of("phase", spec.runId).find(({ phase }) => phase === "gates"));
  void runner.stop("SIGTERM");
  await town.until(() => town.leavings.length || undefined);
  town.cut();
  expect((await town.until(() => town.hellos[1])).leaving).toBe(true);
  expect(town.hellos[0]?.leaving).toBeUndefined();
  await town.stop({
    runId: spec.runId,
    fence: spec.fence,
    outcome: "stopped_by_person",
    reason: "enough",
  });
  expect(await runner.stopped).toBe(0);
}, 45_000);
