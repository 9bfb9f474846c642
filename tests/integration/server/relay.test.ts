// Calls to the model through the town: whose pass is worth what, and what follows from what they use.
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { FactBody, FactOf, Issue, Offer } from "../../../protocol/index.ts";
import type { RelayedUse } from "../../../server/core.ts";
import { exit, openStage, PlayedRunner, type Stage } from "./stage.ts";

const KEY = "a-key-of-the-town";

let stage: Stage;
let far: PlayedRunner;
let rig: string;
beforeEach(async () => {
  stage = await openStage();
  far = new PlayedRunner(stage);
  far.rights = [];
  await far.hello({ name: "far", local: false });
  rig = await stage.readyRig(far, { codeReview: false });
});
afterEach(() => stage[Symbol.asyncDispose]());

async function begin(): Promise<Offer> {
  const before = stage.port.offers.length;
  await stage.do("bead.sling", { rig, title: "Sort" });
  return stage.offered("work", before);
}
function ask({ spec }: Offer, of: PlayedRunner = far) {
  const { runId, fence } = spec;
  return stage.core.credential(of.id, { connection: of.connection, runId, fence, want: "model" });
}
async function passOf(offer: Offer): Promise<string> {
  const answer = await ask(offer);
  if (!answer.ok) throw new Error(answer.error.message);
  return answer.value.apiKey ?? "";
}
const grant = (pass: string, model?: string) => stage.core.modelGrant(pass, model);
const use = (inputTokens: number, costUsd: number | null = null): RelayedUse => ({
  ...{ model: "m", inputTokens, outputTokens: 0, reasoningTokens: 0, cacheReadTokens: 0 },
  ...{ cacheWriteTokens: 0, costUsd, durationMs: 1, status: 200 },
});

test("[C7] [R9] a run on a runner without the right to the model gets a pass of its own instead of the key, and the town alone knows the way behind it", async () => {
  await stage.do("model.set", {
    ...{ provider: "openai-compatible", baseUrl: "http://127.0.0.1:9", model: "m", key: KEY },
  });
  const work = await begin();
  const answer = await ask(work);
  expect(answer).toMatchObject({ value: { viaTown: true, baseUrl: "/api/runner/model" } });
  expect(JSON.stringify(answer)).not.toContain(KEY);
  const pass = await passOf(work);
  const { runId } = work.spec;
  expect(grant(pass)).toEqual({
    ok: true,
    value: { runId, baseUrl: "http://127.0.0.1:9", apiKey: KEY, models: ["m"] },
  });
  const other = await begin();
  const mixed = `${other.spec.runId}.${pass.split(".")[1]}`;
  for (const wrong of ["", "run", `${runId}.`, pass.slice(0, -2), `${pass}AA`, mixed])
    expect(grant(wrong)).toMatchObject({ error: { code: "unauthenticated" } });
  const stranger = new PlayedRunner(stage);
  stranger.rights = [];
  await stranger.hello({ name: "stranger", local: false });
  expect(await ask(work, stranger)).toMatchObject({ error: { code: "stale_fence" } });
  await far.tell(work.spec, { kind: "started" }, exit("crashed"));
  expect(grant(pass)).toMatchObject({ error: { code: "unauthenticated" } });
  expect(grant(await passOf(other)).ok).toBe(true);
});

test("[C7] [R9] a pass ends with a stop of its run, with the silence of its runner, with its runner's token, and with the town's start", async () => {
  const work = await begin();
  const pass = await passOf(work);
  await stage.pass(60_000);
  expect(grant(pass)).toMatchObject({ error: { code: "offline", retryable: true } });
  const { connection } = far;
  await stage.core.heartbeat(far.id, { connection, lastOfferSeq: 99, runs: [] });
  expect(grant(pass).ok).toBe(true);
  await stage.do("run.stop", { run: work.spec.runId });
  expect(grant(pass)).toMatchObject({ error: { code: "forbidden" } });
  const next = await begin();
  const kept = await passOf(next);
  await stage.restart();
  const { runId, fence } = next.spec;
  const live = { runId, fence, phase: "", progressAgoMs: 0 };
  expect(grant(kept)).toMatchObject({ error: { code: "unauthenticated" } });
  await far.hello({ name: "far", live: [live], lastOfferSeq: 99 });
  const again = await passOf(next);
  expect(grant(again).ok).toBe(true);
  await stage.core.revoked(far.tokenId);
  expect(grant(again)).toMatchObject({ error: { code: "unauthenticated" } });
});

test("[C16] [F8] what a call through the town used is the town's count alone, and the budget that it uses up refuses the next one at once", async () => {
  await stage.do("budget.set", { scope: "run", tokens: 500 });
  const work = await begin();
  const pass = await passOf(work);
  const { runId } = work.spec;
  const lies: FactBody = { kind: "usage", ...use(1) };
  await far.tell(work.spec, { kind: "started" }, lies);
  await stage.core.modelUsed(runId, use(400, 0.25));
  const run = await stage.do("run.get", { run: runId });
  expect(run.usage).toMatchObject({ calls: 1, inputTokens: 400, costUsd: 0.25 });
  expect(grant(pass, "m").ok).toBe(true);
  await stage.core.modelUsed(runId, use(200));
  expect(grant(pass, "m")).toMatchObject({ error: { code: "forbidden" } });
  await stage.until(() => stage.port.stops.find((stop) => stop.runId === runId));
});

test("[C16] while the provider asks to be left alone, calls through the town are told to wait, and those of the town's stop are refused", async () => {
  const work = await begin();
  const other = await begin();
  const pass = await passOf(other);
  await stage.core.modelUsed(work.spec.runId, { trouble: "throttled", retryAfterMs: null });
  await far.tell(work.spec, { kind: "started" }, exit("throttled", "throttled"));
  const held = grant(pass, "m");
  expect(held).toMatchObject({ error: { code: "rate_limited", retryable: true } });
  expect(!held.ok && held.error.minBackoffMs).toBeGreaterThan(0);
  // What is under way already goes on.
  expect(grant(pass).ok).toBe(true);
  await stage.do("provider.retry", {});
  expect(grant(pass, "m").ok).toBe(true);
  await stage.do("town.stop", { reason: "enough" });
  expect(grant(pass, "m")).toMatchObject({ error: { code: "forbidden" } });
});

test("[C24] [R9] what a runner without the key says of the provider holds nobody up: only what the town saw on the way of its calls does", async () => {
  const liar = await begin();
  const other = await begin();
  const pass = await passOf(other);
  await far.tell(liar.spec, { kind: "started" }, exit("rejected", "model_auth"));
  expect(grant(pass, "m").ok).toBe(true);
  const { town } = await stage.do("town.status", {});
  expect(town.limits.provider).toBeNull();
  // It costs the bead a failure of its surroundings, so that it is not offered without end.
  const { beadId } = await stage.do("run.get", { run: liar.spec.runId });
  const { bead } = await stage.bead(beadId ?? "");
  expect(bead).toMatchObject({ status: "open", startFailures: 0 });
  expect((bead as Issue).wait?.untilAt).toBeGreaterThan(0);

  const asked = 90_000;
  await stage.core.modelUsed(other.spec.runId, { trouble: "throttled", retryAfterMs: asked });
  const day = 24 * 60 * 60_000;
  const reason = { code: "throttled", message: "slow down", source: "runner" };
  const end: FactBody = {
    ...(exit("throttled", "throttled") as FactOf<"exit">),
    reason: { ...reason, details: { retryAfterMs: day } },
  };
  await far.tell(other.spec, { kind: "started" }, end);
  const held = (await stage.do("town.status", {})).town.limits.provider;
  expect(held?.state).toBe("throttled");
  expect((held?.untilAt ?? 0) - (held?.since ?? 0)).toBeLessThan(10 * asked);
});
