// Beads that people work on themselves: taken, given back, and worked on by nobody meanwhile.
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { FactBody } from "../../../protocol/index.ts";
import { savedFact } from "../../support/saved-fact.ts";
import { BASE, exit, HEAD, openStage, PlayedRunner, workDone, type Stage } from "./stage.ts";

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

const OID = "e".repeat(40);
const work = (bead: string, review = true) => ({
  ...{
    ref: `refs/gastown/given/${bead}/${OID.slice(0, 12)}`,
    oid: OID,
    begins: [BASE],
    runnerId: null,
  },
  ...{ summary: "By hand.", review },
});

/** A bead whose run was stopped because a person took it, with work saved. @param facts told before that */
async function taken(...facts: FactBody[]) {
  const before = stage.port.offers.length;
  const { id } = await stage.do("bead.sling", { rig, title: "Sort" });
  const { spec } = await stage.offered("work", before);
  await runner.tell(spec, { kind: "started" }, ...facts, savedFact({ oid: HEAD, baseOid: BASE }));
  await stage.do("bead.take", { bead: id });
  const stop = await stage.until(() => stage.port.stops.at(-1));
  expect(stop).toMatchObject({ runId: spec.runId, outcome: "stopped_by_person" });
  expect(await stage.do("bead.work", { bead: id })).toMatchObject({ isBusy: true });
  await runner.tell(spec, exit("stopped_by_person"));
  const seen = await stage.until(async () => {
    const now = await stage.do("bead.work", { bead: id });
    return now.isBusy ? undefined : now;
  });
  return { id, spec, seen };
}

const nextWork = (not: string) =>
  stage.until(() =>
    stage.port.offers.findLast(({ spec }) => spec.kind === "work" && spec.runId !== not),
  );

test("[B20] a bead that a person takes is stopped with its work saved, told where that is, and dispatched to nobody", async () => {
  const { id, spec, seen } = await taken();
  expect(seen).toMatchObject({
    rig: { id: rig, remote: "/nowhere/sample", target: "main" },
    from: { oid: HEAD, runnerId: runner.id },
  });
  expect(seen.from?.refs).toContain(`refs/heads/gastown/run/${id}/${spec.runId}`);
  await stage.pass(120_000);
  await stage.tick();
  const explained = await stage.do("bead.explain", { bead: id });
  expect(JSON.stringify(explained)).toContain("a person works on it");
  expect(explained.can).toContainEqual(
    expect.objectContaining({ command: "bead.give", body: { bead: id, work: null } }),
  );
  expect(stage.port.offers.at(-1)?.spec.runId).toBe(spec.runId);
});

test("[B20] what is given for review is offered without an agent's needs, and becomes a round of the bead's review", async () => {
  const { id, spec } = await taken();
  await stage.do("bead.give", { bead: id, work: work(id) });
  const offer = await nextWork(spec.runId);
  expect(offer.spec).toMatchObject({ kind: "work", handed: work(id), resource: spec.resource });
  await runner.tell(
    offer.spec,
    { kind: "started" },
    { ...workDone, headOid: OID, summary: "By hand." },
    exit("done"),
  );
  const check = await stage.offered("check");
  expect(check.spec.headOid).toBe(OID);
  expect(await stage.issue(id)).toMatchObject({ taken: null, status: "in_review" });
});

test("[B20] what is given to be gone on with is the bead's saved work, from which the next agent begins", async () => {
  const { id, spec } = await taken();
  await stage.do("bead.give", { bead: id, work: work(id, false) });
  const offer = await nextWork(spec.runId);
  await runner.tell(
    offer.spec,
    savedFact({ oid: OID, baseOid: BASE }),
    exit("stopped_by_person", "given_back"),
  );
  await stage.until(async () => ((await stage.issue(id)).status === "open" ? true : undefined));
  expect(await stage.issue(id)).toMatchObject({ taken: null, savedWork: { oid: OID } });
  await stage.pass(31_000);
  await stage.tick();
  const agents = await stage.until(() =>
    stage.port.offers.findLast(
      ({ spec: next }) =>
        next.kind === "work" && ![spec.runId, offer.spec.runId].includes(next.runId),
    ),
  );
  expect(agents.spec).toMatchObject({ handed: null, savedWork: { oid: OID } });
});

test("[B20] what is given waits for no model, and a runner that dies with it loses nothing", async () => {
  const { id, spec } = await taken();
  await stage.do("model.set", { provider: "kilo", baseUrl: "http://127.0.0.1:9", model: "m" });
  await stage.do("bead.give", { bead: id, work: work(id) });
  const first = await nextWork(spec.runId);
  await runner.tell(first.spec, exit("lost", "runner_restarted"));
  await stage.pass(10_000);
  await stage.tick();
  const second = await stage.until(() =>
    stage.port.offers.findLast(
      ({ spec: next }) =>
        next.kind === "work" && ![spec.runId, first.spec.runId].includes(next.runId),
    ),
  );
  expect(second.spec).toMatchObject({ handed: work(id) });
});

test("[B20] what may not land parks the bead with its reason, and taking it again begins anew", async () => {
  const { id, spec } = await taken();
  await stage.do("bead.give", { bead: id, work: work(id) });
  const offer = await nextWork(spec.runId);
  await runner.tell(offer.spec, exit("rejected", "given_refused"));
  await stage.until(() =>
    stage.escalations().some((title) => title === "Parked: Sort") ? true : undefined,
  );
  await stage.do("bead.take", { bead: id });
  expect(await stage.issue(id)).toMatchObject({ taken: { given: null } });
  await stage.do("bead.give", { bead: id, work: null });
  const again = await stage.until(() =>
    stage.port.offers.findLast(
      ({ spec: next }) =>
        next.kind === "work" && ![spec.runId, offer.spec.runId].includes(next.runId),
    ),
  );
  expect(again.spec).toMatchObject({ handed: null });
});

test("[B20] a bead that is closed is nobody's any more, and one in review is not taken", async () => {
  const { id } = await taken();
  await stage.do("bead.cancel", { bead: id, reason: "" });
  expect(await stage.issue(id)).toMatchObject({ status: "closed", taken: null });
  const before = stage.port.offers.length;
  const other = await stage.do("bead.sling", { rig, title: "Other" });
  await runner.end(await stage.offered("work", before), workDone);
  await stage.offered("check");
  expect(await stage.codeOf("bead.take", { bead: other.id })).toBe("illegal_transition");
});

test("[B20] what lies with a revoked runner alone is waited for with a way out: to go on without it", async () => {
  const { id, spec } = await taken();
  const other = new PlayedRunner(stage);
  other.tokenId = (await stage.do("token.create", { role: "runner", name: "other" })).id;
  await other.hello({ name: "other" });
  await stage.do("token.revoke", { id: other.tokenId });
  await stage.do("bead.give", { bead: id, work: { ...work(id), runnerId: other.id } });
  await stage.tick();
  const explained = await stage.do("bead.explain", { bead: id });
  expect(JSON.stringify(explained)).toContain("which was revoked: take it again");
  const out = { command: "bead.give", body: { bead: id, work: null } };
  expect(explained.can).toContainEqual(expect.objectContaining(out));
  await stage.do("bead.give", out.body);
  const next = await nextWork(spec.runId);
  expect(next.spec).toMatchObject({ handed: null });
});

test("[B20] what an agent finishes while a person takes its bead goes nowhere by itself", async () => {
  for (const noChangesReason of [null, "It is there already."]) {
    const before = stage.port.offers.length;
    const { id } = await stage.do("bead.sling", { rig, title: `Sort ${noChangesReason}` });
    const { spec } = await stage.offered("work", before);
    await runner.tell(spec, { kind: "started" });
    await stage.do("bead.take", { bead: id });
    expect(await stage.call("bead.give", { bead: id, work: work(id) })).toMatchObject({
      error: { code: "busy", retryable: true },
    });
    await runner.tell(spec, { ...workDone, noChangesReason }, exit("done"));
    await stage.until(async () =>
      (await stage.do("bead.work", { bead: id })).isBusy ? undefined : true,
    );
    expect(await stage.issue(id)).toMatchObject({ status: "open", taken: { given: null } });
    await stage.do("bead.give", { bead: id, work: work(id) });
    const next = await stage.until(() =>
      stage.port.offers.findLast(
        (offer) =>
          offer.spec.kind === "work" &&
          offer.spec.bead.id === id &&
          offer.spec.runId !== spec.runId,
      ),
    );
    expect(next.spec).toMatchObject({ handed: work(id) });
    await runner.tell(next.spec, exit("lost", "runner_restarted"));
    await stage.do("bead.close", { bead: id, outcome: "cancelled" });
  }
});

test("[B20] what is given while the last gift is looked at is refused, so that neither replaces the other", async () => {
  const { id, spec } = await taken();
  await stage.do("bead.give", { bead: id, work: work(id) });
  const offer = await nextWork(spec.runId);
  await runner.tell(offer.spec, { kind: "started" });
  for (const next of [{ ...work(id), oid: "f".repeat(40) }, null])
    expect(await stage.call("bead.give", { bead: id, work: next })).toMatchObject({
      error: { code: "busy" },
    });
  await stage.do("bead.take", { bead: id });
  await runner.tell(offer.spec, { ...workDone, headOid: OID }, exit("done"));
  await stage.until(async () =>
    (await stage.do("bead.work", { bead: id })).isBusy ? undefined : true,
  );
  expect(await stage.issue(id)).toMatchObject({ status: "open", taken: { given: null } });
});

test("[B20] [C9] what a person gave goes with the saved work of its bead, though it was refused", async () => {
  const { id, spec } = await taken();
  await stage.do("bead.give", { bead: id, work: work(id) });
  const offer = await nextWork(spec.runId);
  await runner.tell(offer.spec, exit("rejected", "given_refused"));
  await stage.until(() => (stage.escalations().includes("Parked: Sort") ? true : undefined));
  await stage.do("bead.cancel", { bead: id, reason: "" });
  await stage.do("bead.delete", { bead: id });
  const told = await stage.until(() =>
    stage.port.forgets.find(({ runId }) => runId === offer.spec.runId),
  );
  const remote = { id: rig, remote: "/nowhere/sample" };
  expect(told.given).toMatchObject({ rig: remote, beadId: id, isHere: false });
  const first = await stage.until(() =>
    stage.port.forgets.find(({ runId }) => runId === spec.runId),
  );
  expect(first.given).toBeNull();
});

test("[B20] [F8] what is given spends nothing: no budget that is used up keeps or stops it", async () => {
  const tokens = { inputTokens: 9, outputTokens: 9, reasoningTokens: 0 };
  const cached = { cacheReadTokens: 0, cacheWriteTokens: 0 };
  const call = { model: "m", costUsd: null, durationMs: 1, status: 200 };
  const { id, spec } = await taken({ kind: "usage", ...call, ...tokens, ...cached });
  await stage.do("budget.set", { scope: "day", tokens: 5 });
  await stage.do("budget.set", { scope: "bead", of: id, tokens: 5 });
  await stage.do("bead.give", { bead: id, work: work(id) });
  const handed = await nextWork(spec.runId);
  expect(handed.spec).toMatchObject({ handed: work(id) });
  const stops = stage.port.stops.length;
  await runner.tell(handed.spec, { kind: "started" });
  await stage.tick();
  expect(stage.port.stops).toHaveLength(stops);
  await runner.tell(handed.spec, { ...workDone, headOid: OID }, exit("done"));
  expect((await stage.offered("check")).spec.headOid).toBe(OID);
});

/** A second runner, `far`, to which a bead that a person took is given back. */
async function givenTo(far: PlayedRunner): Promise<{ id: string }> {
  const { id } = await taken();
  await stage.do("bead.give", { bead: id, work: { ...work(id), runnerId: far.id } });
  return { id };
}

const offeredOf = (bead: string, since: number) => () =>
  stage.port.offers.slice(since).find(({ spec }) => spec.kind === "work" && spec.bead.id === bead);
const runnerOf = async (run: string) => (await stage.do("run.get", { run })).runnerId;

test("[B20] [C22] what is given back on a runner without git-lfs is taken there, for nothing of it is written into a tree", async () => {
  const far = new PlayedRunner(stage);
  await far.hello({ name: "far", lfs: false });
  await runner.hello({ lfs: true, spoolSeq: runner.seq, lastOfferSeq: 99 });
  const before = stage.port.offers.length;
  await stage.do("rig.update", { rig, set: { lfs: "fetched" } });
  const fact = { target: "main", targetOid: BASE, green: true, gates: [], reason: null };
  await runner.end(await stage.offered("baseline", before), { kind: "baseline", ...fact });
  const { id } = await givenTo(far);
  const handed = await stage.until(() =>
    stage.port.offers
      .slice(before)
      .findLast(({ spec }) => spec.kind === "work" && spec.handed !== null),
  );
  expect(handed.spec).toMatchObject({ bead: { id } });
  expect(await runnerOf(handed.spec.runId)).toBe(far.id);
});

test("[B20] what is given back on a busy runner waits for that one, says so, and holds up nobody else", async () => {
  const far = new PlayedRunner(stage);
  await far.hello({ name: "far", slots: 1 });
  await stage.do("runner.drain", { runner: "played" });
  const before = stage.port.offers.length;
  const busy = await stage.do("bead.sling", { rig, title: "Busy" });
  const busyRun = await stage.until(offeredOf(busy.id, before));
  await far.tell(busyRun.spec, { kind: "started" });
  await stage.do("runner.resume", { runner: "played" });
  await runner.hello({ slots: 1, spoolSeq: runner.seq, lastOfferSeq: 99 });
  const { id } = await givenTo(far);
  const said = await stage.until(async () => (await stage.issue(id)).wait?.text);
  expect(said).toBe("waits for a free slot on runner far, which has what a person gave back");
  const since = stage.port.offers.length;
  const other = await stage.do("bead.sling", { rig, title: "Other" });
  const next = await stage.until(offeredOf(other.id, since));
  expect(await runnerOf(next.spec.runId)).toBe(runner.id);
  await far.tell(busyRun.spec, exit("stopped_by_person"));
  const handed = await stage.until(offeredOf(id, since));
  expect(await runnerOf(handed.spec.runId)).toBe(far.id);
});

test("[B20] what is given back on a runner that is away is gone on with as soon as it is there", async () => {
  const far = new PlayedRunner(stage);
  await far.hello({ name: "far" });
  stage.core.runnerGone(far.id, far.connection);
  const since = stage.port.offers.length;
  const { id } = await givenTo(far);
  const said = await stage.until(async () => (await stage.issue(id)).wait?.text);
  expect(said).toContain("waits for runner far, which has what a person gave back");
  await far.hello({ name: "far", spoolSeq: far.seq, lastOfferSeq: 99 });
  const handed = await stage.until(() =>
    stage.port.offers
      .slice(since)
      .find(({ spec }) => spec.kind === "work" && spec.bead.id === id && spec.handed !== null),
  );
  expect(await runnerOf(handed.spec.runId)).toBe(far.id);
});
