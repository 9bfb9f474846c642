import { afterEach, beforeEach, expect, test } from "bun:test";
import { POLICY } from "../../../server/model/policy.ts";
import { openStage, PlayedRunner, exit, workDone, type Stage } from "./stage.ts";
import type { FactBody, Offer } from "../../../protocol/index.ts";

const { workStillMs } = POLICY;
let stage: Stage;
let runner: PlayedRunner;
let rig: string;
beforeEach(async () => {
  stage = await openStage();
  runner = new PlayedRunner(stage);
  await runner.hello();
  rig = await stage.readyRig(runner);
});
afterEach(() => stage[Symbol.asyncDispose]());

const live = (offer: Offer) => [{ ...offer.spec, phase: "running", progressAgoMs: 0 }];
async function working(): Promise<{ id: string; offer: Offer }> {
  const before = stage.port.offers.length;
  const { id } = await stage.do("bead.sling", { rig, title: "Sort" });
  const offer = await stage.offered("work", before);
  await runner.tell(offer.spec, { kind: "started" });
  return { id, offer };
}
/** Time goes by, and the runner is heard. */
async function pass(ms: number): Promise<void> {
  await stage.pass(ms);
  await stage.core.heartbeat(runner.id, {
    connection: runner.connection,
    lastOfferSeq: 0,
    runs: [],
  });
  await stage.tick();
  await stage.tick();
}
const progress: FactBody = { kind: "progress", what: "tool" };
const modes = () => stage.port.mails.map(({ mail }) => mail.mode);
const explained = async (run: string) => (await stage.do("run.explain", { run })).reasons;

test("[C12] [SC-AGENT-3] no progress: nudged, interrupted, stopped with a try counted, dispatched again", async () => {
  const { id, offer } = await working();
  const { runId } = offer.spec;
  expect((await explained(runId)).at(-1)?.text).toBe("its agent is nudged unless the work moves");
  await pass(workStillMs);
  await stage.until(() => stage.port.mails[0]);
  expect(modes()).toEqual(["wait_idle"]);
  expect((await explained(runId)).at(-1)?.text).toContain("was nudged, and is interrupted");
  await pass(workStillMs);
  await stage.until(() => stage.port.mails[1]);
  expect(modes()).toEqual(["wait_idle", "immediate"]);
  await pass(workStillMs);
  await stage.until(() => stage.port.stops[0]);
  expect(stage.port.stops[0]?.reason).toBe("The work has not moved for 10 minutes.");
  const before = stage.port.offers.length;
  await runner.tell(offer.spec, exit("stopped_by_town"));
  const next = await stage.offered("work", before);
  expect(next.spec.bead.attempt).toBe(2);
  const { reason } = await stage.do("run.get", { run: runId });
  expect(reason).toMatchObject({ code: "no_progress" });
  // What was said to that run is nobody else's.
  expect(stage.port.mails.map((mail) => mail.runId)).toEqual([runId, runId]);
  const mails = await stage.do("mail.list", { to: id });
  expect(mails.map(({ state }) => state)).toEqual(["expired", "expired"]);
});

test("[C12] progress brings the run back to the ground; a word of circles does not wait", async () => {
  const { offer } = await working();
  await pass(workStillMs - 1_000);
  await runner.tell(offer.spec, progress);
  await pass(workStillMs - 1_000);
  expect(modes()).toEqual([]);
  const circle = { kind: "repetition", pattern: "same_error", text: "edit a.ts" } as const;
  await runner.tell(offer.spec, { ...circle, times: 5 });
  await stage.until(() => stage.port.mails[0]);
  expect(stage.port.mails[0]?.mail.text).toStartWith(
    "The agent met the same error 5 times (edit a.ts).",
  );
  await runner.tell(offer.spec, { ...circle, times: 10 });
  await stage.until(() => stage.port.mails[1]);
  await runner.tell(offer.spec, progress);
  await runner.tell(offer.spec, { ...circle, times: 5 });
  await stage.until(() => stage.port.mails[2]);
  expect(modes()).toEqual(["wait_idle", "immediate", "wait_idle"]);
  expect(stage.port.stops).toEqual([]);
});

test("[C12] a long tool call has its own limit, and the time after it begins anew", async () => {
  const { offer } = await working();
  await runner.tell(offer.spec, { kind: "busy", what: "bash", forMs: 3_600_000 });
  await pass(3_500_000);
  expect(modes()).toEqual([]);
  expect((await explained(offer.spec.runId)).map(({ text }) => text)).toContain(
    "something slow is under way",
  );
  await runner.tell(offer.spec, { kind: "busy", what: "", forMs: 0 });
  await pass(workStillMs - 1_000);
  expect(modes()).toEqual([]);
  await pass(1_001);
  await stage.until(() => stage.port.mails[0]);
});

test("[C12] a pause, a restart and a runner that is away move the ladder on", async () => {
  const { offer } = await working();
  const stillMs = 60_000;
  await stage.do("settings.set", { key: "workStillMs", value: stillMs });
  await pass(stillMs - 10_000);
  await stage.do("town.pause", {});
  await pass(3_600_000);
  expect(modes()).toEqual([]);
  await stage.do("town.resume", {});
  await pass(9_000);
  expect(modes()).toEqual([]);
  stage.core.runnerGone(runner.id, runner.connection);
  await stage.pass(100_000);
  await stage.tick();
  expect(modes()).toEqual([]);
  await stage.restart();
  await runner.hello({ live: live(offer), lastOfferSeq: offer.offerSeq });
  await pass(stillMs - 1_000);
  expect(modes()).toEqual([]);
  // For two minutes after its start the town only watches.
  await pass(70_000);
  await stage.until(() => stage.port.mails[0]);
});

test("[C12] [bead/escalate-stalled] runs on end that stand still become a card, which a finished run takes away", async () => {
  const { id, offer } = await working();
  const still = async (one: Offer): Promise<Offer> => {
    const before = stage.port.offers.length;
    for (let rung = 0; rung < 3; rung++) await pass(workStillMs);
    await stage.until(() => stage.port.stops.find(({ runId }) => runId === one.spec.runId));
    await runner.tell(one.spec, exit("stopped_by_town"));
    return stage.offered("work", before);
  };
  const second = await still(offer);
  expect(stage.escalations()).toEqual([]);
  await runner.tell(second.spec, { kind: "started" });
  const third = await still(second);
  expect(stage.escalations()).toEqual(["Stands still: Sort"]);
  expect((await stage.issue(id)).status).toBe("in_progress");
  await runner.end(third, workDone);
  await stage.until(async () => {
    const open = await stage.do("escalation.list", {});
    return open.length === 0 ? true : undefined;
  });
});

test("[C5] [run/tell-kept-tree] a tree that could not be saved is told once, also of a run that was given up", async () => {
  const { id, offer } = await working();
  const kept = { kind: "tree_kept", dir: "/runs/x", reason: "The disk is full." } as const;
  const before = stage.port.offers.length;
  await runner.tell(offer.spec, exit("crashed", "agent_died"));
  await stage.offered("work", before);
  await runner.tell(offer.spec, kept);
  const told = await stage.until(async () => (await stage.do("escalation.list", {}))[0]);
  expect(told).toMatchObject({ severity: "high", subjectId: offer.spec.runId });
  expect(told.body).toContain("/runs/x on the host of runner played");
  await stage.tick();
  expect(await stage.do("escalation.list", {})).toHaveLength(1);
  expect((await stage.issue(id)).status).toBe("in_progress");
});
