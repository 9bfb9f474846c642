// Rigs that are deleted: into the trash, out of it as they were, and gone for good with everything that is named after them.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Offer } from "../../../protocol/index.ts";
import { savedFact } from "../../support/saved-fact.ts";
import { exit, openStage, PlayedRunner, type Stage } from "./stage.ts";

const DAY = 24 * 3_600_000;
const OID = "1".repeat(40);
let stage: Stage;
let runner: PlayedRunner;
let rig: string;
beforeEach(async () => {
  stage = await openStage({ trashKeptMs: DAY, runnerSuspectMs: 2 * DAY, runnerLostMs: 3 * DAY });
  runner = new PlayedRunner(stage);
  await runner.hello();
  rig = await stage.readyRig(runner);
});
afterEach(() => stage[Symbol.asyncDispose]());

async function begin(title = "Sort"): Promise<{ bead: string; offer: Offer }> {
  const before = stage.port.offers.length;
  const bead = (await stage.do("bead.sling", { rig, title })).id;
  const offer = await stage.offered("work", before);
  const isUp = async () => (await runOf(offer)).state === "accepted" || undefined;
  await stage.until(isUp);
  return { bead, offer };
}
const runOf = (offer: Offer) => stage.do("run.get", { run: offer.spec.runId });
const inTrash = () =>
  stage.until(async () => (await stage.do("trash.list", {})).at(0) ?? undefined);
const stopped = (offer: Offer) =>
  stage.until(() => stage.port.stops.find(({ runId }) => runId === offer.spec.runId));

/** A rig with a bead at work, whose run has saved its work and was told to stop. */
async function deleted(work: "save" | "drop" = "save") {
  const { bead, offer } = await begin();
  await runner.tell(offer.spec, savedFact({ oid: OID, lines: 7, atRisk: 7 }));
  await stage.do("rig.remove", { rig, work });
  await stopped(offer);
  await runner.tell(offer.spec, exit("stopped_by_person"));
  return { bead, offer, trashed: await inTrash() };
}

/** Every table of the town but those that say what happened, as text. */
function rowsNaming(...names: readonly string[]): string[] {
  const db = new Database(stage.databaseFile, { readonly: true });
  const tables = db
    .query<{ name: string }, []>("select name from sqlite_master where type = 'table'")
    .all()
    .map(({ name }) => name)
    .filter((name) => !["audit", "changes", "idempotency"].includes(name));
  const found = tables.flatMap((table) =>
    db
      .query(`select * from "${table}"`)
      .all()
      .map((row) => `${table} ${JSON.stringify(row)}`)
      .filter((text) => names.some((name) => text.includes(name))),
  );
  db.close();
  return found.map((text) => text.split(" ")[0] ?? "");
}

test("[F5] a deleted rig ends its runs with their work saved, and is in the trash with its beads", async () => {
  const { bead, offer, trashed } = await deleted();
  expect(stage.port.stops).toMatchObject([
    { runId: offer.spec.runId, outcome: "stopped_by_person", reason: "its rig is being deleted" },
  ]);
  expect(trashed).toMatchObject({
    ...{ id: rig, name: "sample", beads: 1, unfinished: 1 },
    deletion: { by: "person:owner", work: "save" },
  });
  expect(trashed.purgeAt - trashed.removedAt).toBe(DAY);
  expect(await stage.do("rig.list", {})).toEqual([]);
  expect(await stage.do("bead.list", {})).toEqual([]);
  const ack = await stage.call("bead.get", { bead });
  expect(ack.ok ? "" : ack.error.message).toContain("gastown trash restore sample");
  expect(await stage.codeOf("run.get", { run: offer.spec.runId })).toBe("not_found");
  const { counts, town } = await stage.do("town.status", {});
  expect([counts, town.linesAtRisk]).toEqual([{}, 0]);
});

test("[F5] a rig that is taken back is as it was: its beads go on from their saved work", async () => {
  const { bead } = await deleted();
  await runner.hello();
  await stage.do("rig.restore", { rig: "sample" });
  expect(await stage.do("trash.list", {})).toEqual([]);
  expect(await stage.do("rig.list", {})).toMatchObject([{ id: rig, deletion: null }]);
  expect(await stage.issue(bead)).toMatchObject({ status: "open", savedWork: { oid: OID } });
  const before = stage.port.offers.length;
  const fact = { target: "main", targetOid: OID, green: true, gates: [], reason: null };
  await runner.end(await stage.offered("baseline", 1), { kind: "baseline", ...fact });
  // The wait after a stop by a person.
  await stage.pass(60_000);
  await stage.tick();
  const again = await stage.offered("work", before);
  expect(again.spec).toMatchObject({ bead: { id: bead }, savedWork: { oid: OID } });
});

test("[F5] a deletion that is taken back before its runs have ended lets the rig go on", async () => {
  const { offer } = await begin();
  await stage.do("rig.remove", { rig });
  await stopped(offer);
  await stage.do("rig.restore", { rig });
  const before = stage.port.offers.length;
  await runner.tell(offer.spec, exit("stopped_by_person"));
  await stage.pass(60_000);
  await stage.tick();
  expect((await stage.offered("work", before)).spec.runId).not.toBe(offer.spec.runId);
  expect(await stage.do("trash.list", {})).toEqual([]);
});

test("[F5] a name that was given away meanwhile is asked about", async () => {
  await deleted();
  await stage.do("rig.add", { remote: "/nowhere/sample" });
  expect(await stage.codeOf("rig.restore", { rig })).toBe("already_exists");
  await stage.do("rig.restore", { rig, name: "old sample" });
  const names = (await stage.do("rig.list", {})).map(({ name }) => name);
  expect(names.toSorted()).toEqual(["old sample", "sample"]);
});

test("[F5] after its time nothing of it is left, and its runner is told to remove what it has", async () => {
  const before = stage.port.offers.length;
  await stage.do("rig.secret", { rig, name: "NPM_TOKEN", value: "a secret of this rig" });
  const fact = { target: "main", targetOid: OID, green: true, gates: [], reason: null };
  await runner.end(await stage.offered("baseline", before), { kind: "baseline", ...fact });
  const { bead, offer } = await deleted("drop");
  await stage.pass(DAY + 1_000);
  await runner.hello();
  await stage.tick();
  const told = await stage.until(() => stage.port.purges.at(0));
  expect(told).toMatchObject({
    runnerId: runner.id,
    frame: { rigId: rig, remote: "/nowhere/sample", work: "drop", finished: [], final: false },
  });
  const isConfirmed = () => !rowsNaming(rig).includes("outbox") || undefined;
  await stage.until(isConfirmed);
  expect([...new Set(rowsNaming(rig, bead, offer.spec.runId))]).toEqual(["purged_runs"]);
  expect(await stage.do("trash.list", {})).toEqual([]);
  expect(await stage.codeOf("rig.restore", { rig })).toBe("not_found");
});

test("[F5] the saved work of beads that have closed is named as finished, that of others is not", async () => {
  const { bead, offer } = await begin("Close me");
  await runner.tell(offer.spec, savedFact({ oid: OID }), exit("evicted"));
  await stage.do("bead.hold", { bead });
  const open = await begin("Keep me");
  await runner.tell(open.offer.spec, savedFact({ oid: OID }), exit("evicted"));
  await stage.do("bead.hold", { bead: open.bead });
  await stage.until(async () => (await stage.issue(bead)).status === "open" || undefined);
  await stage.do("bead.close", { bead, outcome: "answered" });
  await stage.do("rig.remove", { rig });
  await inTrash();
  await stage.do("rig.purge", { rig });
  const { frame } = await stage.until(() => stage.port.purges.at(0));
  expect(frame.finished).toEqual([offer.spec.runId]);
});

test("[F5] what a runner says of it later changes nothing, and it is told to stop what it still runs", async () => {
  const { offer } = await deleted();
  await stage.do("rig.purge", { rig });
  const { runId, fence } = offer.spec;
  await runner.tell(
    offer.spec,
    savedFact({ oid: "2".repeat(40) }),
    { kind: "saved_copy", oid: OID, atRisk: 0, reason: null },
    { kind: "tree_kept", dir: "/x", reason: "It cannot be saved." },
    exit("lost"),
  );
  await stage.tick();
  expect(rowsNaming(runId)).toEqual(["purged_runs"]);
  runner.incarnation += 1;
  const live = [{ runId, fence, phase: "running", progressAgoMs: 1 }];
  const ack = await stage.core.hello(
    {
      ...{ version: 1, appVersion: "1.2.3", runnerId: runner.id, incarnation: 2, name: "played" },
      ...{ local: true, isolation: "bwrap", isolationReason: null, slots: 4, live, ended: [] },
      ...{ spoolEpoch: runner.spoolEpoch, spoolSeq: runner.seq, lastOfferSeq: 9 },
    },
    runner.tokenId,
    runner.rights,
  );
  expect(ack.ok && ack.value.stop).toMatchObject([{ runId }]);
  expect(stage.errors).toEqual([]);
  expect(await stage.do("escalation.list", {})).toEqual([]);
});

test("[F5] a runner that was away, and a town that was started again, both learn of it", async () => {
  await deleted();
  stage.core.runnerGone(runner.id, runner.connection);
  await stage.do("rig.purge", { rig });
  expect(stage.port.purges).toEqual([]);
  await stage.restart();
  runner.incarnation += 1;
  await runner.hello({ lastOfferSeq: 9 });
  await stage.tick();
  const { frame } = await stage.until(() => stage.port.purges.at(0));
  expect(frame).toMatchObject({ rigId: rig, work: "save", copies: true });
  await stage.until(() => !rowsNaming(rig).includes("outbox") || undefined);
});

test("[F5] what a runner keeps, because nothing proves that it is elsewhere, is told to a person", async () => {
  stage.port.answerPurge = () => ({
    ok: true,
    value: { kept: [{ path: "/var/runs/rn_9", reason: "The disk is full." }] },
  });
  await deleted();
  await stage.do("rig.purge", { rig });
  const card = await stage.until(async () => (await stage.do("escalation.list", {})).at(0));
  expect(card.title).toBe("Runner played keeps work of a rig that was deleted");
  expect(card.body).toContain("- /var/runs/rn_9: The disk is full.");
});

test("[F5] a rig goes into the trash though its runner is lost, and its deletion outlives a start", async () => {
  const { offer } = await begin();
  await stage.do("rig.remove", { rig });
  await stopped(offer);
  await stage.restart();
  expect(await stage.do("rig.list", {})).toMatchObject([{ deletion: { work: "save" } }]);
  await stage.pass(6 * 60_000);
  await stage.tick();
  expect(await inTrash()).toMatchObject({ id: rig, unfinished: 1 });
});
