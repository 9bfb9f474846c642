import { afterEach, beforeEach, expect, test } from "bun:test";
import { refuse, type HostFigures, type Offer } from "../../../protocol/index.ts";
import { exit, openStage, PlayedRunner, workDone, type Stage } from "./stage.ts";

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

async function begin(): Promise<{ bead: string; offer: Offer }> {
  const before = stage.port.offers.length;
  const bead = (await stage.do("bead.sling", { rig: rigId, title: "Sort" })).id;
  return { bead, offer: await stage.offered("work", before) };
}
const runOf = (offer: Offer) => stage.do("run.get", { run: offer.spec.runId });
const stateOf = async (offer: Offer, state: string) =>
  stage.until(async () => ((await runOf(offer)).state === state ? true : undefined));
const held = (offer: Offer) => ({ runId: offer.spec.runId, fence: offer.spec.fence });
const live = (offer: Offer) => ({ ...held(offer), phase: "running", progressAgoMs: 0 });

test("[C6] a run that a runner comes back without is lost; one it still has goes on", async () => {
  const { offer } = await begin();
  await stateOf(offer, "accepted");
  runner.incarnation = 2;
  await runner.hello({ lastOfferSeq: offer.offerSeq, live: [live(offer)] });
  expect((await runOf(offer)).state).toBe("accepted");
  runner.incarnation = 3;
  await runner.hello({ lastOfferSeq: offer.offerSeq });
  expect(await runOf(offer)).toMatchObject({ outcome: "lost", reason: { code: "absent" } });
});

test("[C6] an ended run whose exit is in the spool is not lost: the spool is read first", async () => {
  const { bead, offer } = await begin();
  await stateOf(offer, "accepted");
  runner.incarnation = 2;
  await runner.hello({ lastOfferSeq: offer.offerSeq, spoolSeq: runner.seq + 2 });
  expect((await runOf(offer)).state).toBe("accepted");
  await runner.tell(offer.spec, workDone, exit("done"));
  expect((await runOf(offer)).outcome).toBe("done");
  await stage.until(async () => (await stage.issue(bead)).reviewId ?? undefined);
});

test("[C6] nothing is offered between hello and the reading of the spool", async () => {
  await runner.hello({ spoolSeq: runner.seq + 1 });
  const before = stage.port.offers.length;
  const bead = (await stage.do("bead.sling", { rig: rigId, title: "Sort" })).id;
  await stage.tick();
  expect((await stage.issue(bead)).wait?.text).toBe("waits for a free slot");
  const unknown = { runId: stage.port.offers[0]?.spec.runId ?? "", fence: { epoch: 9, n: 9 } };
  await runner.tell(unknown, { kind: "phase", phase: "x" });
  expect((await stage.offered("work", before)).spec.kind).toBe("work");
});

test("[C6] an offer that the runner has not seen is not lost by its hello, but sent again", async () => {
  stage.port.answerOffer = () => refuse("offline", "gone", { retryable: true });
  const { offer } = await begin();
  stage.port.answerOffer = () => ({ ok: true, value: { accepted: true } });
  const before = stage.port.offers.length;
  await runner.hello({ lastOfferSeq: offer.offerSeq - 1 });
  await stateOf(offer, "accepted");
  expect(stage.port.offers[before]).toMatchObject({
    offerSeq: offer.offerSeq,
    spec: { runId: offer.spec.runId, fence: offer.spec.fence },
  });
});

test("[C6] a hello that was held up says nothing of runs that were offered after it", async () => {
  const { offer } = await begin();
  await stateOf(offer, "accepted");
  await runner.hello({ lastOfferSeq: offer.offerSeq - 1 });
  expect((await runOf(offer)).state).toBe("accepted");
  await runner.hello({ spoolEpoch: "another", spoolSeq: 0, lastOfferSeq: 0 });
  expect(await runOf(offer)).toMatchObject({ outcome: "lost", reason: { code: "absent" } });
});

test("[C6] an offer is sent again with the same fence until it is answered", async () => {
  let refusals = 2;
  stage.port.answerOffer = () =>
    refusals-- > 0
      ? refuse("deadline", "late", { retryable: true })
      : { ok: true, value: { accepted: true } };
  const { offer } = await begin();
  await stateOf(offer, "accepted");
  const sent = stage.port.offers.filter(({ spec }) => spec.runId === offer.spec.runId);
  expect(sent).toHaveLength(3);
  expect(new Set(sent.map(({ spec }) => `${spec.fence.epoch}.${spec.fence.n}`)).size).toBe(1);
});

test.each([
  ["no_capacity", 0],
  ["stale_fence", 0],
  ["isolation_unconfirmed", 1],
])("[C4] an offer refused with %s counts as %d failed starts", async (code, failures) => {
  stage.port.answerOffer = () => {
    stage.port.answerOffer = () => ({ ok: true, value: { accepted: true } });
    return { ok: true, value: { accepted: false, code, message: "no" } };
  };
  const { bead, offer } = await begin();
  await stateOf(offer, "ended");
  expect((await runOf(offer)).reason?.code).toBe(code);
  expect((await stage.issue(bead)).startFailures).toBe(failures);
});

test("[C4] an offer that can never be given ends its run instead of being sent for ever", async () => {
  stage.port.answerOffer = () => {
    stage.port.answerOffer = () => ({ ok: true, value: { accepted: true } });
    return refuse("too_large", "larger than a frame");
  };
  const { bead, offer } = await begin();
  await stateOf(offer, "ended");
  expect((await stage.issue(bead)).startFailures).toBe(1);
});

test("[C6] [SC-RECOVER-5] a runner that is leaving is offered nothing until its next hello", async () => {
  stage.port.answerOffer = () => ({
    ok: true,
    value: { accepted: false, code: "draining", message: "stopping" },
  });
  const { bead, offer } = await begin();
  await stateOf(offer, "ended");
  await stage.until(async () =>
    (await stage.issue(bead)).wait?.text === "runner played is stopping and takes nothing new"
      ? true
      : undefined,
  );
  const before = stage.port.offers.length;
  stage.port.answerOffer = () => ({ ok: true, value: { accepted: true } });
  runner.incarnation = 2;
  await runner.hello({ lastOfferSeq: offer.offerSeq });
  await stateOf(await stage.offered("work", before), "accepted");
});

test("[C6] an older start of a runner is refused as a twin, a newer one replaces the connection", async () => {
  const first = runner.connection;
  runner.incarnation = 5;
  expect(await runner.hello()).toBe("ok");
  expect(runner.connection).toBe(first + 1);
  runner.incarnation = 4;
  expect(await runner.hello()).toBe("twin_runner");
});

test("[C21] while every host is short of memory no agent is offered, and beads say why; what is well again is offered to at once", async () => {
  const measured = {
    cores: 2,
    load1: 1,
    memoryBytes: 4e9,
    memoryFreeBytes: 1e8,
    diskFreeBytes: 9e9,
  };
  const why = "95 MB of memory are free, an agent needs 900 MB";
  const beat = (refuses: HostFigures["refuses"]) =>
    stage.core.heartbeat(runner.id, {
      connection: runner.connection,
      lastOfferSeq: 0,
      runs: [],
      host: { ...measured, refuses },
    });
  await beat({ what: "agents", why });
  await stage.tick();
  const before = stage.port.offers.length;
  const bead = (await stage.do("bead.sling", { rig: rigId, title: "Sort" })).id;
  await stage.tick();
  expect((await stage.issue(bead)).wait?.text).toBe(`runner played takes no more agents: ${why}`);
  expect(stage.port.offers).toHaveLength(before);
  const { runners } = await stage.do("town.status", {});
  expect(runners[0]?.host).toMatchObject({ load1: 1, refuses: { what: "agents", why } });
  await beat(null);
  expect((await stage.offered("work", before)).spec.kind).toBe("work");
});

test("[C21] a runner is offered as many agents as its memory bears, and the next one when a heartbeat says that there is room", async () => {
  const agentBytes = 640 * 1024 ** 2;
  const measured = {
    ...{ cores: 2, load1: 0, memoryBytes: 4e9, memoryFreeBytes: 1e9, diskFreeBytes: 9e9 },
    ...{ agentBytes, refuses: null },
  };
  const beat = (agentSlots: number) =>
    stage.core.heartbeat(runner.id, {
      connection: runner.connection,
      lastOfferSeq: 0,
      runs: [],
      host: { ...measured, agentSlots },
    });
  await beat(1);
  await stage.tick();
  const before = stage.port.offers.length;
  await stage.do("bead.sling", { rig: rigId, title: "One", priority: "high" });
  const { id: two } = await stage.do("bead.sling", { rig: rigId, title: "Two" });
  await stage.offered("work", before);
  await stage.until(async () =>
    (await stage.issue(two)).wait?.text === "waits for a free slot" ? true : undefined,
  );
  expect(stage.port.offers).toHaveLength(before + 1);
  const { reasons } = await stage.do("bead.explain", { bead: two });
  expect(reasons[0]?.text).toContain("runner played has memory for one agent of 640 MB, not 4");
  await beat(2);
  await stage.until(() => (stage.port.offers.length === before + 2 ? true : undefined));
  expect(await stage.issue(two)).toMatchObject({ status: "in_progress" });
});

test("[C7] [runner/joined-twice] a token that was used twice is told to people, once, until somebody resolves it", async () => {
  for (let again = 0; again < 2; again++) await stage.core.joinedTwice(runner.tokenId);
  await stage.tick();
  const [told, ...others] = await stage.do("escalation.list", {});
  expect(others).toEqual([]);
  expect(told).toMatchObject({
    state: "open",
    severity: "high",
    target: "person",
    source: "runner/joined-twice",
    subjectId: runner.id,
    times: 2,
  });
  await stage.do("escalation.resolve", { escalation: told?.id ?? "" });
  expect(stage.escalations()).toEqual([]);
});

test("[C6] a heartbeat is told to stop what the runner may not hold any more", async () => {
  const { offer } = await begin();
  await stateOf(offer, "accepted");
  const beat = (n: number) =>
    stage.core.heartbeat(runner.id, {
      connection: runner.connection,
      lastOfferSeq: offer.offerSeq,
      runs: [{ ...live(offer), fence: { epoch: offer.spec.fence.epoch, n } }],
    });
  const fine = await beat(offer.spec.fence.n);
  expect(fine.ok && fine.value.stop).toEqual([]);
  const stale = await beat(offer.spec.fence.n + 1);
  expect(stale.ok && stale.value.stop).toMatchObject([{ runId: offer.spec.runId }]);
});

test("[C6] [SC-RECOVER-4] a silent runner is suspect, then lost, and its run is given to another under a higher fence", async () => {
  await stage.tick();
  const { offer } = await begin();
  await stateOf(offer, "accepted");
  await stage.pass(130_000);
  await runner.hello({ lastOfferSeq: offer.offerSeq, live: [live(offer)] });
  const other = new PlayedRunner(stage);
  stage.core.runnerGone(runner.id, runner.connection);
  await stage.pass(121_000);
  await other.hello({ name: "other" });
  const before = stage.port.offers.length;
  await stage.tick();
  const next = await stage.offered("work", before);
  expect(await runOf(offer)).toMatchObject({ outcome: "lost", reason: { code: "runner_lost" } });
  expect(next.spec.resource).toBe(offer.spec.resource);
  expect(next.spec.fence.n).toBe(offer.spec.fence.n + 1);
});

test("[runner/watch-silence] a suspect runner that is heard again is connected at once", async () => {
  const { offer } = await begin();
  await stateOf(offer, "accepted");
  const beat = () =>
    stage.core.heartbeat(runner.id, {
      connection: runner.connection,
      lastOfferSeq: offer.offerSeq,
      runs: [live(offer)],
    });
  const seen = async () => {
    await stage.tick();
    return (await stage.do("town.status", {})).runners.map(({ state }) => state);
  };
  await stage.pass(121_000);
  await beat();
  await stage.tick();
  await stage.pass(70_000);
  expect(await seen()).toEqual(["suspect"]);
  // The look at everything that follows a gap in time is over.
  await stage.tick();
  await beat();
  expect(await seen()).toEqual(["connected"]);
});

test("[C6] [SC-RECOVER-9] after a restart the town observes: nobody is lost before he could say hello", async () => {
  const { offer } = await begin();
  await stateOf(offer, "accepted");
  await stage.stop();
  await stage.pass(3_600_000);
  await stage.open();
  await stage.tick();
  expect((await runOf(offer)).state).toBe("accepted");
  expect((await stage.do("town.status", {})).town.observingUntilAt).not.toBeNull();
  await runner.hello({ lastOfferSeq: offer.offerSeq, live: [live(offer)] });
  expect((await runOf(offer)).state).toBe("accepted");
  await stage.pass(30_000);
  await stage.tick();
  expect((await runOf(offer)).state).toBe("accepted");
});

test("[C6] a run that was told to stop and is never heard of is given up", async () => {
  const { bead, offer } = await begin();
  await stateOf(offer, "accepted");
  await stage.do("run.stop", { run: offer.spec.runId });
  await stage.pass(300_002);
  await stage.core.heartbeat(runner.id, {
    connection: runner.connection,
    lastOfferSeq: offer.offerSeq,
    runs: [live(offer)],
  });
  const before = stage.port.offers.length;
  await stage.tick();
  expect(await runOf(offer)).toMatchObject({ outcome: "lost", reason: { code: "not_stopped" } });
  await stage.until(async () =>
    (await stage.issue(bead)).status === "in_progress" ? true : undefined,
  );
  expect((await stage.offered("work", before)).spec.fence.n).toBe(offer.spec.fence.n + 1);
});
