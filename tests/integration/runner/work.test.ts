import { afterEach, expect, test } from "bun:test";
import { personGit } from "../../support/git-rig.ts";
import { baselineSpec, rigSpec, workSpec } from "./specs.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
afterEach(() => stage.close());

const WRITE_AND_HAND_IN = {
  name: "write",
  entries: [
    {
      role: "polecat" as const,
      turns: [
        {
          text: "# Writing\n",
          tools: [
            {
              name: "bash",
              arguments: { command: "echo hello > line.txt", description: "Writes" },
            },
          ],
        },
        {
          text: "# Handing in\n",
          tools: [{ name: "gt_done", arguments: { summary: "Wrote a line." } }],
        },
      ],
    },
  ],
};

test("[D3] a baseline runs setup and gates on the target and reports them", async () => {
  stage = await openStage();
  await stage.start();
  const { town } = stage;
  await town.until(() => town.hellos[0]);
  const rig = rigSpec(stage.remoteDir, {
    setup: "touch made",
    gates: [{ name: "files", command: "test -e made && cat README.md", timeoutMs: 10_000 }],
  });
  const spec = baselineSpec(rig);
  expect(await town.offer(spec)).toEqual({ ok: true, value: { accepted: true } });
  expect((await town.exitOf(spec.runId)).outcome).toBe("done");
  const [baseline] = town.of("baseline", spec.runId);
  expect(baseline).toMatchObject({
    green: true,
    reason: null,
    targetOid: await personGit(stage.remoteDir, "rev-parse", "main"),
  });
  expect(baseline?.gates[0]).toMatchObject({ name: "files", ok: true, log: "# Sample\n" });
});

test("[C4] a polecat works in its own tree, hands in, and its branch is pushed", async () => {
  stage = await openStage(WRITE_AND_HAND_IN);
  await stage.start();
  const { town } = stage;
  await town.until(() => town.hellos[0]);
  const spec = workSpec(rigSpec(stage.remoteDir));
  expect(await town.offer(spec)).toEqual({ ok: true, value: { accepted: true } });
  const exit = await town.exitOf(spec.runId);
  expect(exit).toMatchObject({ outcome: "done", reason: null });
  const [done] = town.of("work_done", spec.runId);
  expect(done).toMatchObject({
    summary: "Wrote a line.",
    files: 1,
    additions: 1,
    deletions: 0,
    noChangesReason: null,
  });
  expect(await personGit(stage.remoteDir, "rev-parse", done?.branch ?? "")).toBe(
    done?.headOid ?? "",
  );
  expect(await personGit(stage.remoteDir, "show", `${done?.headOid}:line.txt`)).toBe("hello");
}, 60_000);
