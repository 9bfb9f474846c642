import { afterEach, expect, test } from "bun:test";
import { refuse } from "../../../protocol/error.ts";
import type { HostFigures } from "../../../protocol/run.ts";
import { startRunner } from "../../../runner/main.ts";
import { baselineSpec, beadSpec, rigSpec, workSpec } from "./specs.ts";
import { openStage, quietLog, type Stage } from "./stage.ts";

let stage: Stage;
afterEach(() => stage.close());

async function connected() {
  stage = await openStage();
  const runner = await stage.start();
  await stage.town.until(() => stage.town.hellos[0]);
  return { runner, town: stage.town };
}

test("[C6] the same offer twice is one run and one answer", async () => {
  const { town } = await connected();
  const spec = baselineSpec(rigSpec(stage.remoteDir));
  const answers = [await town.offer(spec), await town.offer(spec)];
  expect(answers).toEqual([
    { ok: true, value: { accepted: true } },
    { ok: true, value: { accepted: true } },
  ]);
  await town.exitOf(spec.runId);
  expect(await town.offer(spec)).toEqual({ ok: true, value: { accepted: true } });
  expect(town.of("exit", spec.runId)).toHaveLength(1);
});

test("[C6] a fence that does not outrank the last one of its resource starts nothing", async () => {
  const { town } = await connected();
  const rig = rigSpec(stage.remoteDir);
  const newer = baselineSpec(rig, { fence: { epoch: 2, n: 1 } });
  await town.offer(newer);
  for (const fence of [
    { epoch: 2, n: 1 },
    { epoch: 1, n: 9 },
  ]) {
    expect(await town.offer(baselineSpec(rig, { fence }))).toMatchObject({
      ok: true,
      value: { accepted: false, code: "stale_fence" },
    });
  }
  await town.exitOf(newer.runId);
});

test("[C6] a run that was stopped before its offer arrived never starts", async () => {
  const { town } = await connected();
  const spec = baselineSpec(rigSpec(stage.remoteDir));
  const { runId, fence } = spec;
  expect(
    await town.stop({ runId, fence, outcome: "stopped_by_town", reason: "overtaken" }),
  ).toEqual({ ok: true, value: null });
  expect(await town.offer(spec)).toMatchObject({
    ok: true,
    value: { accepted: false, code: "stopped" },
  });
});

test("[C6] facts of a cut connection arrive once and in order, on the next one", async () => {
  const { town } = await connected();
  town.storeFacts = false;
  const specs = [1, 2].map(() => baselineSpec(rigSpec(stage.remoteDir)));
  for (const spec of specs) await town.offer(spec);
  const before = town.heartbeats.length + 1;
  await town.until(() => town.heartbeats.slice(before).find(({ runs }) => runs.length === 0));
  expect(town.facts).toEqual([]);
  town.storeFacts = true;
  town.cut();
  for (const spec of specs) expect((await town.exitOf(spec.runId)).outcome).toBe("done");
  const seqs = town.facts.map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  expect(town.hellos).toHaveLength(2);
  expect(town.hellos[1]).toMatchObject({
    runnerId: expect.any(String),
    incarnation: 1,
    spoolSeq: seqs.length,
  });
  expect(town.hellos[1]?.ended.map(({ runId }) => runId).toSorted()).toEqual(
    specs.map(({ runId }) => runId).toSorted(),
  );
}, 30_000);

test("[C6] a frame with another connection's number closes the connection whole", async () => {
  const { town } = await connected();
  expect(
    await town.offer(baselineSpec(rigSpec(stage.remoteDir)), { connection: 99 }),
  ).toMatchObject({ ok: false, error: { code: "stale_connection" } });
  await town.until(() => town.hellos[1]);
  expect(town.connection).toBe(2);
});

test("[C6] a second runner on the same data directory ends with one clear sentence", async () => {
  const { town } = await connected();
  const twin = await startRunner({
    townUrl: town.url,
    version: "1.2.3",
    token: "t",
    dataDir: stage.dataDir,
    slots: 1,
    name: "twin",
    local: false,
    log: quietLog(stage.dir),
  });
  expect(await twin.stopped).toBe(1);
  expect(twin.failure()).toContain("Another runner works in this data directory");
  expect(town.hellos).toHaveLength(1);
});

test("[C6] capacity refuses what does not fit, and a runner that drains takes nothing", async () => {
  const { runner, town } = await connected();
  const rig = rigSpec(stage.remoteDir, {
    gates: [{ name: "slow", command: "sleep 30", timeoutMs: 60_000 }],
  });
  const specs = [1, 2, 3].map((n) => baselineSpec(rig, { resource: `lane-${n}` }));
  const answers = [];
  for (const spec of specs) answers.push(await town.offer(spec));
  expect(answers.map((answer) => answer.ok && answer.value.accepted)).toEqual([true, true, false]);
  expect(answers[2]).toMatchObject({ value: { code: "no_capacity" } });
  await runner.stop("upgrade");
  expect(await runner.stopped).toBe(0);
  expect(town.of("exit").map(({ outcome, reason }) => [outcome, reason?.code])).toEqual([
    ["evicted", "drained"],
    ["evicted", "drained"],
  ]);
}, 30_000);

test("[C21] a host that is short refuses what is offered, says so at its next heartbeat, and takes it again when it is well", async () => {
  stage = await openStage();
  const { town } = stage;
  const measured = {
    cores: 2,
    load1: 0,
    memoryBytes: 4e9,
    memoryFreeBytes: 1e8,
    diskFreeBytes: 9e9,
  };
  let refuses: HostFigures["refuses"] = { what: "everything", why: "9 MB of disk are free" };
  await stage.start({ host: () => ({ ...measured, refuses }) });
  const hello = await town.until(() => town.hellos[0]);
  expect(hello.host).toEqual({ ...measured, refuses });
  const baseline = () => baselineSpec(rigSpec("/nonexistent/repository"));
  expect(await town.offer(baseline())).toMatchObject({
    value: { accepted: false, code: "no_capacity", message: expect.stringContaining("9 MB") },
  });
  refuses = { what: "agents", why: "none of memory is free" };
  await town.until(() => town.heartbeats.find(({ host }) => host?.refuses?.what === "agents"));
  expect(await town.offer(baseline())).toMatchObject({ value: { accepted: true } });
}, 30_000);

test("[C21] a runner takes no more agents than its memory bears, and says how large they are", async () => {
  stage = await openStage();
  const { town } = stage;
  const agentBytes = 640 * 1024 ** 2;
  const measured = {
    ...{ cores: 2, load1: 0, memoryBytes: 4e9, memoryFreeBytes: 1e9, diskFreeBytes: 9e9 },
    ...{ agentBytes, agentSlots: 1, refuses: null },
  };
  town.answerCredential = () => refuse("offline", "not now", { retryable: true });
  await stage.start({ slots: 4, host: () => measured });
  await town.until(() => town.hellos[0]);
  const rig = rigSpec(stage.remoteDir);
  expect(await town.offer(workSpec(rig, { resource: "bead:one" }))).toMatchObject({
    value: { accepted: true },
  });
  await town.until(() => town.credentials[0]);
  expect(await town.offer(workSpec(rig, { resource: "bead:two" }))).toMatchObject({
    value: {
      accepted: false,
      code: "no_capacity",
      message: "This host has memory for one agent of 640 MB, and as many are at work.",
    },
  });
  expect(await town.offer(baselineSpec(rig))).toMatchObject({ value: { accepted: true } });
}, 30_000);

test("[C6] a runner that drains asks no more for what its agents need to start", async () => {
  const { runner, town } = await connected();
  town.answerCredential = () => refuse("offline", "not now", { retryable: true });
  const spec = workSpec(rigSpec(stage.remoteDir));
  await town.offer(spec);
  await town.until(() => town.credentials[0]);
  await runner.stop("upgrade");
  expect(town.of("exit", spec.runId)).toMatchObject([{ outcome: "evicted" }]);
  expect(town.credentials).toHaveLength(1);
}, 30_000);

test("[C4] a base that does not hold a landed parent yet is a retryable refusal to start", async () => {
  const { town } = await connected();
  const spec = workSpec(rigSpec(stage.remoteDir), { bead: beadSpec(), contains: ["1".repeat(40)] });
  await town.offer(spec);
  expect(await town.exitOf(spec.runId)).toMatchObject({
    outcome: "rejected",
    reason: { code: "base_behind", details: { phase: "prepare", retryable: true } },
  });
});

test("[D3] a repository that is not there is a typed reason, not a red baseline", async () => {
  const { town } = await connected();
  const specs = [
    rigSpec("/nonexistent/repository"),
    rigSpec(stage.remoteDir, { target: "nowhere" }),
  ].map((rig) => baselineSpec(rig));
  for (const spec of specs) {
    await town.offer(spec);
    await town.exitOf(spec.runId);
  }
  expect(specs.map(({ runId }) => town.of("baseline", runId)[0]?.reason?.code)).toEqual([
    "repository_invalid",
    "target_missing",
  ]);
  expect(specs.map(({ runId }) => town.of("baseline", runId)[0]?.green)).toEqual([null, null]);
});

test("[D3] a rig without a target uses the branch that a clone would check out", async () => {
  const { town } = await connected();
  const spec = baselineSpec(rigSpec(stage.remoteDir, { target: "" }));
  await town.offer(spec);
  await town.exitOf(spec.runId);
  expect(town.of("baseline", spec.runId)[0]).toMatchObject({ green: true, reason: null });
});
