import { afterEach, beforeEach, expect, test } from "bun:test";
import type { FactOf, Offer } from "../../../protocol/index.ts";
import { BASE, exit, HEAD, openStage, PlayedRunner, type Stage } from "./stage.ts";
import { savedFact } from "../../support/saved-fact.ts";

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

const FIRST = "1".repeat(40);
const SECOND = "2".repeat(40);

async function begin(title = "Sort"): Promise<{ bead: string; offer: Offer }> {
  const before = stage.port.offers.length;
  const bead = (await stage.do("bead.sling", { rig: rigId, title })).id;
  const offer = await stage.offered("work", before);
  await stage.until(async () => ((await runOf(offer)).state === "accepted" ? true : undefined));
  return { bead, offer };
}
const runOf = (offer: Offer) => stage.do("run.get", { run: offer.spec.runId });
const copied = (oid: string, reason: string | null = null): FactOf<"saved_copy"> => ({
  kind: "saved_copy",
  oid,
  atRisk: reason === null ? 0 : 10,
  reason,
});
const atRisk = async () => (await stage.do("town.status", {})).town.linesAtRisk;

test("[C20] bead, run and town say where saved work is: on one disk, why, and when it is safe", async () => {
  const { bead, offer } = await begin();
  expect(await stage.issue(bead)).toMatchObject({ savedWork: null });
  const left = [{ path: "big.bin", reason: "too_large" }];
  await runner.tell(offer.spec, savedFact({ oid: FIRST, lines: 12, atRisk: 12, left }));
  const saved = { oid: FIRST, lines: 12, atRisk: 12, kept: null, reason: null };
  const { runId } = offer.spec;
  expect(await stage.issue(bead)).toMatchObject({ savedWork: { ...saved, runId } });
  expect(await runOf(offer)).toMatchObject({ savedWork: { ...saved, left, remoteOid: null } });
  expect(await atRisk()).toBe(12);
  await runner.tell(offer.spec, copied(FIRST, "It cannot be reached."));
  expect(await stage.issue(bead)).toMatchObject({
    savedWork: { atRisk: 10, reason: "It cannot be reached." },
  });
  await runner.tell(offer.spec, copied(FIRST));
  expect(await stage.issue(bead)).toMatchObject({ savedWork: { atRisk: 0, reason: null } });
  expect((await runOf(offer)).savedWork).toMatchObject({ remoteOid: FIRST });
  expect(await atRisk()).toBe(0);
});

test("[C20] a late copy of an older save does not make the newest one safe", async () => {
  const { offer } = await begin();
  await runner.tell(offer.spec, savedFact({ oid: FIRST }), savedFact({ oid: SECOND, atRisk: 3 }));
  await runner.tell(offer.spec, copied(FIRST));
  expect((await runOf(offer)).savedWork).toMatchObject({
    ...{ oid: SECOND, remoteOid: FIRST, atRisk: 3 },
  });
  expect(await atRisk()).toBe(3);
});

test("[C20] what could not be saved is told with its reason, until the next save or the end", async () => {
  const { offer } = await begin();
  await runner.tell(offer.spec, { kind: "not_saved", reason: "The disk is full." });
  expect((await runOf(offer)).notSaved).toBe("The disk is full.");
  await runner.tell(offer.spec, savedFact({ oid: FIRST }));
  expect((await runOf(offer)).notSaved).toBeNull();
  await runner.tell(offer.spec, { kind: "not_saved", reason: "Again." }, exit("lost"));
  expect((await runOf(offer)).notSaved).toBeNull();
});

test("[C20] lines that a later run goes on with are counted once, and none of a closed bead", async () => {
  const { bead, offer } = await begin();
  const before = stage.port.offers.length;
  await runner.tell(offer.spec, savedFact({ oid: FIRST }), exit("evicted"));
  const next = await stage.offered("work", before);
  expect(await atRisk()).toBe(10);
  await runner.tell(next.spec, savedFact({ oid: SECOND, lines: 15, atRisk: 15, continues: FIRST }));
  expect(await atRisk()).toBe(15);
  await runner.tell(next.spec, copied(SECOND), exit("evicted"));
  expect(await atRisk()).toBe(0);
  await runner.tell(offer.spec, savedFact({ oid: HEAD, baseOid: BASE, atRisk: 4 }));
  expect(await atRisk()).toBe(4);
  await stage.do("bead.hold", { bead });
  for (const { spec } of stage.port.offers.slice(before + 1)) await runner.tell(spec, exit("lost"));
  await stage.do("bead.cancel", { bead });
  await stage.until(async () => ((await atRisk()) === 0 ? true : undefined));
});

test("[C20] a copy that ends after its town was put back, or its bead deleted, harms nothing", async () => {
  const { bead, offer } = await begin();
  await runner.tell(offer.spec, savedFact({ oid: FIRST }));
  await stage.do("bead.cancel", { bead });
  await runner.tell(offer.spec, exit("stopped_by_person"));
  await stage.do("bead.delete", { bead });
  await runner.tell(offer.spec, savedFact({ oid: SECOND }), copied(SECOND));
  const unknown = { ...offer.spec, runId: offer.spec.runId.replace(/.$/, "z") };
  await runner.tell(unknown, copied(SECOND));
  expect((await runOf(offer)).savedWork).toMatchObject({ oid: SECOND, remoteOid: SECOND });
  expect(stage.escalations()).toEqual([]);
});

test("[C20] where saved work goes is a rig's setting, and a delivery that sends nothing keeps it", async () => {
  const kept = async (): Promise<unknown> => {
    const { offer } = await begin();
    await runner.tell(offer.spec, exit("stopped_by_person"));
    await stage.do("bead.cancel", { bead: offer.spec.kind === "work" ? offer.spec.bead.id : "" });
    return offer.spec.kind === "work" && offer.spec.rig.savedKept;
  };
  expect(await kept()).toBeNull();
  await stage.do("rig.update", { rig: rigId, set: { savedWork: "runner" } });
  expect(await kept()).toBe("rig");
  await stage.do("rig.update", { rig: rigId, set: { savedWork: "remote", delivery: "none" } });
  expect(await kept()).toBe("delivery");
});

/** The bead's work is on a runner that has left; another one is there. */
async function leftAlone(): Promise<{ bead: string; far: PlayedRunner }> {
  const { bead, offer } = await begin();
  const far = runner;
  await stage.do("bead.hold", { bead });
  await far.tell(offer.spec, savedFact({ oid: FIRST, lines: 12 }), exit("evicted"));
  stage.core.runnerGone(far.id, far.connection);
  runner = new PlayedRunner(stage);
  await runner.hello({ name: "near" });
  await stage.do("bead.release", { bead });
  return { bead, far };
}
const waitOf = async (bead: string) => (await stage.issue(bead)).wait;

test("[C7] [C20] a bead waits for the runner that alone has its work, and goes on there when it is back", async () => {
  const { bead, far } = await leftAlone();
  const wait = await stage.until(async () => (await waitOf(bead)) ?? undefined);
  expect(wait.text).toBe("waits for runner played, which alone has 12 lines of it");
  expect(wait.untilAt).toBeGreaterThan(stage.clock.now());
  const before = stage.port.offers.length;
  await far.hello();
  const offer = await stage.offered("work", before);
  expect(await stage.do("run.get", { run: offer.spec.runId })).toMatchObject({ runnerId: far.id });
  expect(offer.spec).toMatchObject({ savedWork: { oid: FIRST, onRemote: false } });
});

test("[C7] [C20] a copy that arrives late frees the bead from waiting", async () => {
  const { bead, far } = await leftAlone();
  await stage.until(async () => (await waitOf(bead)) ?? undefined);
  await stage.do("bead.hold", { bead });
  const before = stage.port.offers.length;
  await far.hello();
  const { runs } = await stage.do("bead.get", { bead });
  const [first] = runs;
  if (first === undefined) throw new Error("the bead had no run");
  await far.tell({ runId: first.id, fence: first.fence }, copied(FIRST));
  stage.core.runnerGone(far.id, far.connection);
  await stage.do("bead.release", { bead });
  const offer = await stage.offered("work", before);
  expect(offer.spec).toMatchObject({ savedWork: { oid: FIRST, onRemote: true } });
});

const DAY = 24 * 3_600_000;
/** A bead with saved work that was cancelled. */
async function cancelled(): Promise<{ bead: string; offer: Offer }> {
  const { bead, offer } = await begin();
  await runner.tell(offer.spec, savedFact({ oid: FIRST }), copied(FIRST));
  await stage.do("bead.cancel", { bead });
  await runner.tell(offer.spec, exit("stopped_by_person"));
  await stage.until(async () => ((await stage.issue(bead)).status === "closed" ? true : undefined));
  return { bead, offer };
}
const forgotten = (offer: Offer) =>
  stage.until(async () => ((await runOf(offer)).savedWork === null ? true : undefined));

test("[C20] [C9] saved work is deleted a while after its bead has closed, and not before, also when the town was started again", async () => {
  await stage[Symbol.asyncDispose]();
  stage = await openStage({
    savedWorkKeptMs: DAY,
    runnerSuspectMs: 3_000_000,
    runnerLostMs: 3_600_000,
  });
  runner = new PlayedRunner(stage);
  await runner.hello();
  rigId = await stage.readyRig(runner);
  const { bead, offer } = await cancelled();
  await stage.restart();
  runner.incarnation += 1;
  await runner.hello();
  await stage.tick();
  expect(stage.port.forgets).toEqual([]);
  await stage.pass(DAY + 1_000);
  await runner.hello();
  await stage.tick();
  await forgotten(offer);
  expect(stage.port.forgets.map(({ runId }) => runId)).toEqual([offer.spec.runId]);
  expect(await stage.issue(bead)).toMatchObject({ status: "closed", savedWork: null });
});

test("[C20] [C9] a bead that is deleted takes its saved work with it, and one that is reopened keeps it", async () => {
  const first = await cancelled();
  await stage.do("bead.delete", { bead: first.bead });
  await forgotten(first.offer);
  const second = await cancelled();
  const before = stage.port.offers.length;
  await stage.do("bead.reopen", { bead: second.bead });
  const again = await stage.offered("work", before);
  expect(again.spec).toMatchObject({ savedWork: { oid: FIRST } });
  expect(stage.port.forgets.map(({ runId }) => runId)).toEqual([first.offer.spec.runId]);
});
