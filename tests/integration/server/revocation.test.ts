// A runner whose token is revoked: what it did goes on elsewhere at once, and it is answered no more.
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Offer } from "../../../protocol/index.ts";
import { savedFact } from "../../support/saved-fact.ts";
import { HEAD, openStage, PlayedRunner, type Stage } from "./stage.ts";

let stage: Stage;
let runner: PlayedRunner;
let other: PlayedRunner;
let rig: string;
beforeEach(async () => {
  stage = await openStage();
  runner = await join("played");
  rig = await stage.readyRig(runner);
});
afterEach(() => stage[Symbol.asyncDispose]());

async function join(name: string): Promise<PlayedRunner> {
  const joined = new PlayedRunner(stage);
  joined.tokenId = (await stage.do("token.create", { role: "runner", name })).id;
  expect(await joined.hello({ name })).toBe("ok");
  return joined;
}
const revoke = () => stage.do("token.revoke", { id: runner.tokenId });
const runOf = (offer: Offer) => stage.do("run.get", { run: offer.spec.runId });
async function working(): Promise<{ bead: string; offer: Offer }> {
  const before = stage.port.offers.length;
  const bead = (await stage.do("bead.sling", { rig, title: "Sort" })).id;
  const offer = await stage.offered("work", before);
  await runner.tell(offer.spec, { kind: "started" }, { kind: "progress", what: "tree" });
  other = await join("other");
  return { bead, offer };
}

test("[C7] [run/lose-with-runner] a revoked runner's run is lost in the same moment, and another goes on from the copy of its work under a higher fence", async () => {
  const { bead, offer } = await working();
  const copied = { kind: "saved_copy", oid: HEAD, atRisk: 0, reason: null } as const;
  await runner.tell(offer.spec, savedFact({ oid: HEAD }), copied);
  const before = stage.port.offers.length;
  await revoke();
  expect(await runOf(offer)).toMatchObject({
    outcome: "lost",
    reason: { code: "runner_revoked" },
  });
  const next = await stage.offered("work", before);
  expect((await runOf(next)).runnerId).toBe(other.id);
  expect(next.spec.fence.n).toBe(offer.spec.fence.n + 1);
  expect(next.spec).toMatchObject({ savedWork: { oid: HEAD, onRemote: true } });
  expect(await stage.issue(bead)).toMatchObject({ workAttempts: 0, startFailures: 0 });
});

test("[C7] [C20] nobody waits for what a revoked runner's disk alone has, and people are told of it", async () => {
  const { offer } = await working();
  await runner.tell(offer.spec, savedFact({ oid: HEAD }));
  const before = stage.port.offers.length;
  await revoke();
  expect((await stage.offered("work", before)).spec).toMatchObject({ savedWork: null });
  const [told] = await stage.do("escalation.list", {});
  expect(told).toMatchObject({ title: "Saved work was left behind on a runner" });
  expect(told?.body).toContain("that runner was revoked");
});

test("[C7] [C17] a revoked runner gets no key and no tool, stays lost over a restart, and is not greeted", async () => {
  const { offer } = await working();
  await revoke();
  const { runId, fence } = offer.spec;
  const of = { connection: runner.connection, runId, fence };
  expect(await stage.core.credential(runner.id, { ...of, want: "model" })).toMatchObject({
    error: { code: "stale_fence" },
  });
  const call = { turnId: null, tool: "gt_escalate", arguments: {}, key: "k".repeat(20) };
  expect(await stage.core.tool(runner.id, { ...of, ...call })).toMatchObject({
    error: { code: "stale_fence" },
  });
  const shown = async () =>
    (await stage.do("town.status", {})).runners.find(({ id }) => id === runner.id);
  runner.incarnation = 2;
  expect(await runner.hello({ lastOfferSeq: 99 })).toBe("forbidden");
  await stage.restart();
  await stage.tick();
  expect(await shown()).toMatchObject({ state: "lost", revokedAt: expect.any(Number) });
  expect(await runner.hello({ lastOfferSeq: 99 })).toBe("forbidden");
  expect(await stage.codeOf("runner.drain", { runner: runner.id })).toBe("illegal_transition");
});

test("[C7] with another token a revoked runner is back as who it was, and a runner that is not revoked is not taken over", async () => {
  const { offer } = await working();
  await revoke();
  const { id } = runner;
  runner.tokenId = (await stage.do("token.create", { role: "runner", name: "again" })).id;
  runner.incarnation = 2;
  expect(await runner.hello({ lastOfferSeq: offer.offerSeq })).toBe("ok");
  expect(runner.id).toBe(id);
  const { runners } = await stage.do("town.status", {});
  expect(runners.find((each) => each.id === id)).toMatchObject({
    state: "connected",
    revokedAt: null,
  });
  const thief = new PlayedRunner(stage);
  thief.tokenId = (await stage.do("token.create", { role: "runner", name: "thief" })).id;
  expect(await thief.hello({ runnerId: id, incarnation: 9 })).toBe("forbidden");
});

test("[C7] [runner/joined-twice] a token that was used twice ends the runs of who joined first at once", async () => {
  const { offer } = await working();
  await stage.core.joinedTwice(runner.tokenId);
  await stage.tick();
  expect(await runOf(offer)).toMatchObject({ outcome: "lost", reason: { code: "runner_revoked" } });
  expect(stage.escalations()).toContain("A runner's token was used twice");
});
