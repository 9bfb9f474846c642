import { afterEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { bash, done, eventsOf, offerWork, polecat, shownIn } from "./one-polecat.ts";
import { LIMITS, workSpec } from "./specs.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
afterEach(() => stage.close());

test("[C6] a stopped run ends with its work saved, and its fence starts nothing again", async () => {
  stage = await openStage(polecat(bash("echo hello > line.txt; sleep 600"), done));
  await stage.start();
  const spec = await offerWork(stage);
  const tree = join(stage.dataDir, "runner", "runs", spec.runId, "tree", "line.txt");
  while (!existsSync(tree)) await Bun.sleep(20);
  const { runId, fence } = spec;
  await stage.town.stop({ runId, fence, outcome: "stopped_by_person", reason: "enough" });
  expect(await stage.town.exitOf(runId)).toMatchObject({
    outcome: "stopped_by_person",
    reason: { message: "enough" },
  });
  expect(
    await shownIn(stage, spec, stage.town.of("saved_work", runId).at(-1)?.oid ?? "", "line.txt"),
  ).toBe("hello");
  expect(await stage.town.offer(spec)).toEqual({ ok: true, value: { accepted: true } });
  expect(stage.town.of("exit", runId)).toHaveLength(1);
}, 60_000);

test("[C12] an agent that goes silent is woken once, then stopped with its work saved; the next run goes on from there", async () => {
  stage = await openStage({
    name: "silent",
    entries: [
      {
        role: "polecat",
        attempt: 1,
        turns: [
          bash("echo hello > line.txt"),
          { text: "# Thinking\n", fault: { kind: "silence" } },
          { text: "# Thinking again\n", fault: { kind: "silence" } },
        ],
      },
      { role: "polecat", attempt: 2, turns: [bash("echo again >> line.txt"), done] },
    ],
  });
  await stage.start();
  const spec = await offerWork(stage, { limits: { ...LIMITS, silenceMs: 1_500 } });
  expect(await stage.town.exitOf(spec.runId)).toMatchObject({
    outcome: "no_result",
    reason: { code: "silent" },
  });
  const prompts = eventsOf(stage, spec.runId).flatMap((body) =>
    body.kind === "prompt" ? [body.text] : [],
  );
  expect(prompts).toHaveLength(2);
  expect(prompts[1]).toStartWith("You had been silent for long");
  const saved = stage.town.of("saved_work", spec.runId).at(-1);
  if (saved === undefined) throw new Error("nothing was saved");
  const { ref, oid, baseOid } = saved;
  const bead = { ...spec.bead, attempt: 2 };
  const second = workSpec(spec.rig, {
    program: stage.program,
    bead,
    fence: { epoch: 1, n: 2 },
    savedWork: { ref, oid, baseOid, onRemote: false },
  });
  await stage.town.offer(second);
  expect((await stage.town.exitOf(second.runId)).outcome).toBe("done");
  const head = stage.town.of("work_done", second.runId)[0]?.headOid ?? "";
  expect(await shownIn(stage, spec, head, "line.txt")).toBe("hello\nagain");
}, 90_000);

test("[C4] a turn that ends without gt_done is closed by green gates, without a re-prompt", async () => {
  stage = await openStage(polecat(bash("echo hello > line.txt"), { text: "I am done, I think." }));
  await stage.start();
  const gates = [{ name: "line", command: "grep hello line.txt", timeoutMs: 10_000 }];
  const spec = await offerWork(stage, {}, { gates });
  expect((await stage.town.exitOf(spec.runId)).outcome).toBe("done");
  expect(stage.town.of("work_done", spec.runId)[0]).toMatchObject({
    summary: "closed by gates",
    files: 1,
  });
  expect(eventsOf(stage, spec.runId).filter(({ kind }) => kind === "prompt")).toHaveLength(1);
}, 60_000);

test("[C4] a false done is answered with the next step, and words alone end in no result", async () => {
  stage = await openStage(polecat(done, { text: "There is nothing more." }));
  await stage.start();
  const spec = await offerWork(stage);
  expect(await stage.town.exitOf(spec.runId)).toMatchObject({
    outcome: "no_result",
    reason: { code: "no_terminal_call" },
  });
  const refused = eventsOf(stage, spec.runId).find(
    (body) => body.kind === "tool" && body.state === "failed",
  );
  expect(refused).toMatchObject({
    tool: expect.stringContaining("gt_done"),
    result: expect.stringContaining("no_changes_reason"),
  });
  expect(stage.town.of("work_done", spec.runId)).toEqual([]);
  expect(eventsOf(stage, spec.runId).filter(({ kind }) => kind === "prompt")).toHaveLength(2);
}, 60_000);

test("[C16] a refused key ends the run before any work, as a failed start with its code; usage is told per call", async () => {
  stage = await openStage(polecat({ fault: { kind: "http", status: 401 } }));
  await stage.start();
  const spec = await offerWork(stage);
  expect(await stage.town.exitOf(spec.runId)).toMatchObject({
    outcome: "rejected",
    reason: { code: "model_auth" },
  });
  expect(JSON.stringify(stage.town.facts)).not.toContain("the-model-key");
}, 60_000);

test("[C4] a first token that does not come in time is a failed start", async () => {
  stage = await openStage(polecat({ fault: { kind: "silence" } }));
  await stage.start();
  const spec = await offerWork(stage, { limits: { ...LIMITS, firstTokenMs: 1_000 } });
  expect(await stage.town.exitOf(spec.runId)).toMatchObject({
    outcome: "rejected",
    reason: { code: "first_token", details: { phase: "first_token" } },
  });
}, 60_000);

test("[C16] a model that asks to slow down is waited for, and its run goes on", async () => {
  const fault = { kind: "http", status: 429, retryAfterSeconds: 1, times: 2 };
  stage = await openStage(polecat({ ...bash("echo hello > line.txt"), fault }, done));
  await stage.start();
  const { runId } = await offerWork(stage, { limits: { ...LIMITS, firstTokenMs: 20_000 } });
  expect((await stage.town.exitOf(runId)).outcome).toBe("done");
  const usage = stage.town.of("usage", runId);
  expect(usage.length).toBeGreaterThanOrEqual(2);
  expect(usage.every(({ inputTokens, outputTokens }) => inputTokens > 0 && outputTokens > 0)).toBe(
    true,
  );
}, 90_000);

test("[C16] a provider that keeps asking to slow down ends the run as throttled, never as an attempt", async () => {
  stage = await openStage(
    polecat({ text: "x", fault: { kind: "http", status: 429, retryAfterSeconds: 3_600 } }),
  );
  await stage.start();
  const { runId } = await offerWork(stage);
  expect(await stage.town.exitOf(runId)).toMatchObject({
    outcome: "throttled",
    reason: { details: { retryAfterMs: 3_600_000 } },
  });
}, 60_000);
