// What may be spent, and the figures that people set.
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { FactBody, Offer } from "../../../protocol/index.ts";
import { exit, openStage, PlayedRunner, type Stage } from "./stage.ts";

let stage: Stage;
let runner: PlayedRunner;
let rigId: string;
beforeEach(async () => {
  stage = await openStage();
  runner = new PlayedRunner(stage);
  await runner.hello();
  rigId = await stage.readyRig(runner);
});
afterEach(() => stage[Symbol.asyncDispose]());

const usage = (costUsd: number | null, tokens = 1): FactBody => ({
  kind: "usage",
  model: "m",
  inputTokens: tokens,
  outputTokens: tokens,
  reasoningTokens: tokens,
  cacheReadTokens: tokens,
  cacheWriteTokens: tokens,
  costUsd,
  durationMs: 1,
  status: 200,
});

async function begin(): Promise<{ bead: string; offer: Offer }> {
  const before = stage.port.offers.length;
  const bead = (await stage.do("bead.sling", { rig: rigId, title: "Sort" })).id;
  return { bead, offer: await stage.offered("work", before) };
}
const stopped = (offer: Offer) =>
  stage.until(() => stage.port.stops.find(({ runId }) => runId === offer.spec.runId));
const budget = async (scope: string) =>
  (await stage.do("budget.list", {})).find((each) => each.scope === scope);

test("[F8] a bead past its budget stops, says so, and goes on when a person raises it", async () => {
  const { bead, offer } = await begin();
  await stage.do("budget.set", { scope: "bead", of: bead, usd: 2 });
  await runner.tell(offer.spec, { kind: "started" }, usage(1.7));
  expect(stage.port.stops).toEqual([]);
  expect(stage.escalations()).toEqual(["The budget of a bead comes to its end"]);
  await runner.tell(offer.spec, usage(0.4));
  expect((await stopped(offer)).reason).toContain("$2.10 of $2.00");
  const before = stage.port.offers.length;
  await runner.tell(offer.spec, exit("stopped_by_town", "stopped"));
  const parked = await stage.issue(bead);
  expect(parked.wait?.text).toContain("parked: the budget of this bead is used up");
  expect(parked.workAttempts).toBe(0);
  expect(stage.port.offers).toHaveLength(before);
  await stage.do("budget.set", { scope: "bead", of: bead, usd: 5 });
  await stage.offered("work", before);
});

test("[F8] a run past its own budget stops and is a try of its bead; every class of tokens counts", async () => {
  await stage.do("budget.set", { scope: "run", tokens: 500 });
  const { bead, offer } = await begin();
  await runner.tell(offer.spec, { kind: "started" }, usage(0, 99));
  expect(stage.port.stops).toEqual([]);
  await runner.tell(offer.spec, usage(0, 1));
  await stopped(offer);
  await runner.tell(offer.spec, exit("stopped_by_town", "stopped"));
  expect((await stage.issue(bead)).workAttempts).toBe(1);
  expect((await stage.do("run.get", { run: offer.spec.runId })).reason?.code).toBe("run_budget");
});

test("[F8] the day's budget stops everybody until the next day, or until it is raised", async () => {
  await stage.do("budget.set", { scope: "day", usd: 1 });
  const { bead, offer } = await begin();
  await runner.tell(offer.spec, { kind: "started" }, usage(1.5));
  await stopped(offer);
  await runner.tell(offer.spec, exit("stopped_by_town", "stopped"));
  const before = stage.port.offers.length;
  await stage.do("mayor.say", { text: "hello" });
  expect(stage.port.offers).toHaveLength(before);
  expect((await stage.issue(bead)).wait?.text).toContain("the budget of this day is used up");
  expect((await stage.do("town.status", {})).town.limits.day).toMatchObject({ limitUsd: 1 });
  await stage.do("budget.set", { scope: "day", usd: null });
  await stage.offered("work", before);
  expect(await budget("day")).toMatchObject({ usd: null, spentUsd: 1.5, spentTokens: 5 });
});

test("[F8] a convoy's budget counts all its beads", async () => {
  const { convoy, beads } = await stage.do("convoy.sling", {
    rig: rigId,
    title: "Both",
    parallel: true,
    tasks: [
      { key: "a", title: "A" },
      { key: "b", title: "B" },
    ],
  });
  await stage.do("budget.set", { scope: "convoy", of: convoy.id, usd: 1 });
  const [first, second] = stage.port.offers.slice(1);
  if (!first || !second) throw new Error("two runs were expected");
  await runner.tell(first.spec, usage(0.6));
  await runner.tell(second.spec, usage(0.6));
  await stopped(second);
  await runner.tell(second.spec, exit("stopped_by_town", "stopped"));
  const waits = await Promise.all(beads.map(({ id }) => stage.issue(id)));
  expect(waits.map(({ wait }) => wait?.text ?? "").join()).toContain("the budget of its convoy");
});

test("[F8] a budget that makes no sense is refused", async () => {
  const code = (body: unknown) => stage.codeOf("budget.set", body);
  expect(await code({ scope: "bead" })).toBe("invalid_body");
  expect(await code({ scope: "convoy", usd: 1 })).toBe("invalid_body");
  expect(await code({ scope: "day", of: "bd-none", usd: 1 })).toBe("invalid_body");
  expect(await code({ scope: "bead", of: "bd-none", usd: 1 })).toBe("not_found");
  expect(await code({ scope: "run", usd: -1 })).toBe("invalid_body");
});

test("[F8] reopening a bead is a fresh allowance on top of what it has cost", async () => {
  const { bead, offer } = await begin();
  await stage.do("budget.set", { scope: "bead", of: bead, usd: 1 });
  await runner.tell(offer.spec, { kind: "started" }, usage(1.5));
  await stopped(offer);
  await runner.tell(offer.spec, exit("stopped_by_town", "stopped"));
  await stage.do("bead.close", { bead, outcome: "cancelled" });
  const before = stage.port.offers.length;
  await stage.do("bead.reopen", { bead });
  await stage.offered("work", before);
});

const setting = async (key: string, rig?: string) =>
  (await stage.do("settings.get", rig === undefined ? {} : { rig })).find(
    (each) => each.key === key,
  );

test("[state.md] [SC-MODEL-2] a rig's figure counts before the town's, and that before the default", async () => {
  const key = "workAttemptsMax";
  expect(await setting(key)).toMatchObject({ value: 5, from: "default" });
  await stage.do("settings.set", { key, value: 3 });
  expect(await setting(key, rigId)).toMatchObject({ value: 3, from: "town", default: 5 });
  await stage.do("settings.set", { key, value: 1, rig: rigId });
  expect(await setting(key, rigId)).toMatchObject({ value: 1, from: "rig" });
  const { bead, offer } = await begin();
  await runner.tell(offer.spec, { kind: "started" }, exit("no_result"));
  expect((await stage.issue(bead)).failure?.code).toBe("work_attempts");
  await stage.do("settings.unset", { key, rig: rigId });
  await stage.do("settings.unset", { key });
  expect(await setting(key, rigId)).toMatchObject({ value: 5, from: "default" });
});

test("[state.md] a figure counts at once for what waits, and survives a restart", async () => {
  const { bead, offer } = await begin();
  await runner.tell(offer.spec, { kind: "started" }, exit("no_result"));
  expect((await stage.issue(bead)).failure).toBeNull();
  await stage.do("settings.set", { key: "workAttemptsMax", value: 1 });
  const failed = () =>
    stage.until(async () => ((await stage.issue(bead)).status === "failed" ? true : undefined));
  const next = stage.port.offers.findLast(({ spec }) => spec.kind === "work");
  if (next && next !== offer) await runner.tell(next.spec, exit("evicted", "leaving"));
  await failed();
  await stage.restart();
  expect(await setting("workAttemptsMax")).toMatchObject({ value: 1, from: "town" });
});

test("[state.md] a figure that makes no sense is refused with the reason", async () => {
  const said = async (body: { key: string; value: number; rig?: string }) => {
    const ack = await stage.call("settings.set", body);
    return ack.ok ? "ok" : `${ack.error.code}: ${ack.error.message}`;
  };
  expect(await said({ key: "colour", value: 1 })).toContain("not_found");
  expect(await said({ key: "slots", value: 0 })).toContain("slots: must be from 1 to 64");
  expect(await said({ key: "slots", value: 1.5 })).toContain("whole number");
  expect(await said({ key: "slots", value: 2, rig: rigId })).toContain("is the town's");
  expect(await said({ key: "runnerLostMs", value: 30_000 })).toContain("would be above");
  expect(await stage.codeOf("settings.unset", { key: "slots" })).toBe("not_found");
});

const set = (key: string, value: number) => stage.do("settings.set", { key, value });

test("[C6] the figures of leases reach runners at once, or with their next hello", async () => {
  await set("heartbeatMs", 2_000);
  await set("leaseTtlMs", 9_000);
  await set("acceptByMs", 4_321);
  const { id, connection, spoolEpoch, seq: spoolSeq } = runner;
  const beat = await stage.core.heartbeat(id, { connection, lastOfferSeq: 0, runs: [] });
  expect(beat.ok && beat.value.heartbeatMs).toBe(2_000);
  expect((await begin()).offer.acceptByMs).toBe(4_321);
  const welcome = await stage.core.hello(
    {
      ...{ version: 1, appVersion: "t", runnerId: id, incarnation: 1, name: "n", local: true },
      ...{ isolation: "bwrap", isolationReason: null, slots: 1, spoolEpoch, spoolSeq },
      ...{ lastOfferSeq: 0, live: [], ended: [] },
    },
    runner.tokenId,
    runner.rights,
  );
  expect(welcome.ok && welcome.value.leaseTtlMs).toBe(9_000);
});

test("[state.md] the change feed is kept as long as is set", async () => {
  await set("changesKeptMs", 60_000);
  const { epoch } = stage.core;
  const now = stage.core.topic("board");
  const since = { epoch, version: now.ok ? now.value.position.version : 0 };
  await begin();
  const isReset = () => {
    const state = stage.core.topic("board", since);
    return state.ok && state.value.reset;
  };
  expect(isReset()).toBe(false);
  await stage.pass(660_000);
  await stage.do("bead.sling", { rig: rigId, title: "Later" });
  expect(isReset()).toBe(true);
});

test("[state.md] logs of runs are kept as long as is set; what comes in pushes out what is older", async () => {
  await set("streamsKeptMs", 60_000);
  const words = (...seqs: number[]): FactBody => ({
    kind: "events",
    events: seqs.map((seq) => ({
      ...{ seq, at: seq, turnId: null },
      body: { kind: "notice", level: "normal", text: `word ${seq}` },
    })),
  });
  const { offer: first } = await begin();
  await runner.tell(first.spec, words(1, 2, 3));
  await stage.pass(61_000);
  const { offer: second } = await begin();
  const logOf = ({ spec }: Offer) => stage.core.streamSince(spec.runId, 0).map(({ seq }) => seq);
  expect(logOf(first)).toEqual([1, 2, 3]);
  await runner.tell(second.spec, words(1));
  expect(logOf(first)).toEqual([3]);
  await runner.tell(second.spec, words(2));
  expect([logOf(first), logOf(second)]).toEqual([[], [1, 2]]);
});

test("[C3] failures to start outside the breaker's window do not open it", async () => {
  await set("breakerWindowMs", 1_000);
  await set("startFailuresMax", 100);
  for (let n = 0; n < 12; n++) {
    const { offer } = await begin();
    await stage.do("bead.hold", { bead: "bead" in offer.spec ? offer.spec.bead.id : "" });
    await runner.tell(offer.spec, exit("crashed", "no_shell"));
    await stage.pass(1_500);
  }
  expect((await stage.do("town.status", {})).town.limits.breaker.state).toBe("closed");
});

test("[state.md] the figures of questions count for the next one", async () => {
  const { offer } = await begin();
  let calls = 0;
  const ask = async (more: object = {}) => {
    const { runId, fence } = offer.spec;
    const call = { connection: runner.connection, runId, fence, turnId: null, tool: "gt_ask" };
    const question = { question: `Which of ${calls}?`, wait: true, ...more };
    const key = `call-of-the-question-${++calls}`;
    const ack = await stage.core.tool(runner.id, { ...call, arguments: question, key });
    return ack.ok ? !ack.value.isError : false;
  };
  const untilMs = async () => {
    const asked = await stage.do("question.list", {});
    return Math.max(...asked.map(({ deadlineAt }) => deadlineAt)) - stage.clock.now();
  };
  await set("questionDeadlineMs", 60_000);
  expect(await ask()).toBe(true);
  expect(await untilMs()).toBeLessThanOrEqual(60_000);
  await set("questionDeadlineMaxMs", 120_000);
  expect(await ask({ minutes: 600 })).toBe(true);
  expect(await untilMs()).toBeLessThanOrEqual(120_000);
  await set("questionsOpenMax", 2);
  expect(await ask()).toBe(false);
  await set("questionsOpenMax", 9);
  await set("questionsPerBeadMax", 2);
  expect(await ask()).toBe(false);
  await set("questionsPerBeadMax", 3);
  expect(await ask()).toBe(true);
});

test("[C16] a call whose endpoint names no cost has the price of the model settings; without one it is unpriced, not free", async () => {
  const { bead, offer } = await begin();
  const { runId } = offer.spec;
  const spent = async () => (await stage.do("run.get", { run: runId })).usage;
  await stage.do("budget.set", { scope: "bead", of: bead, usd: 2 });
  await runner.tell(offer.spec, { kind: "started" }, usage(null, 10));
  expect(await spent()).toMatchObject({ calls: 1, unpricedCalls: 1, costUsd: 0 });
  const model = {
    provider: "openai-compatible",
    baseUrl: "http://127.0.0.1:9",
    model: "m",
  } as const;
  const set = await stage.do("model.set", {
    ...model,
    prices: { m: { input: 10_000, output: 50_000, cacheRead: 1_000 } },
  });
  expect(set.prices).toEqual({ m: { input: 10_000, output: 50_000, cacheRead: 1_000 } });
  await runner.tell(offer.spec, usage(null, 10));
  // 10 in and written to the cache at 0.01, 20 out at 0.05, 10 from the cache at 0.001.
  expect(await spent()).toMatchObject({ calls: 2, unpricedCalls: 1, costUsd: 1.21 });
  await runner.tell(offer.spec, usage(0.09, 10));
  expect(await spent()).toMatchObject({ calls: 3, unpricedCalls: 1, costUsd: 1.3 });
  expect(stage.port.stops).toEqual([]);
  // A form that knows of no prices leaves them.
  expect((await stage.do("model.set", model)).prices).toEqual(set.prices);
  await runner.tell(offer.spec, usage(null, 10));
  expect((await stopped(offer)).reason).toContain("$2.51 of $2.00");
});
