// What people let runners have: rights and labels, and where runs go because of them.
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Offer, RunnerRight } from "../../../protocol/index.ts";
import { savedFact } from "../../support/saved-fact.ts";
import { BASE, exit, HEAD, openStage, PlayedRunner, workDone, type Stage } from "./stage.ts";

let stage: Stage;
let near: PlayedRunner;
let far: PlayedRunner;
let rig: string;
beforeEach(async () => {
  stage = await openStage();
  near = new PlayedRunner(stage);
  await near.hello({ name: "near", slots: 8 });
  rig = await stage.readyRig(near, { codeReview: false });
  far = new PlayedRunner(stage);
  far.rights = [];
  await far.hello({ name: "far", local: false });
});
afterEach(() => stage[Symbol.asyncDispose]());

const sling = async (title = "Sort") => (await stage.do("bead.sling", { rig, title })).id;
const runnerOf = async (offer: Offer) =>
  (await stage.do("run.get", { run: offer.spec.runId })).runnerId;
const grant = async (of: PlayedRunner, ...rights: RunnerRight[]) => {
  of.rights = rights;
  await stage.do("runner.rights", { runner: of.id, rights });
};
const waits = (bead: string, text: string) =>
  stage.until(async () => ((await stage.issue(bead)).wait?.text.includes(text) ? true : undefined));
async function at(work: { kind: "work" | "merge" }, act: () => Promise<unknown>): Promise<Offer> {
  const before = stage.port.offers.length;
  await act();
  return stage.offered(work.kind, before);
}

test("[C7] [R9] a runner without the right to merge is offered no landing, and refused a rig's secrets for the one that it still has", async () => {
  const fact = { target: "main", targetOid: BASE, green: true, gates: [], reason: null };
  const before = stage.port.offers.length;
  await stage.do("rig.secret", { rig, name: "NPM", value: "hush-hush", gates: true });
  await near.end(await stage.offered("baseline", before), { kind: "baseline", ...fact });
  await sling();
  const work = await stage.offered("work");
  await near.end(work, workDone);
  const check = await stage.offered("check");
  const fine = { green: true, gates: [], conflicts: [], reason: null };
  await grant(near, "model");
  await grant(far, "merge");
  const merge = await at({ kind: "merge" }, () =>
    near.end(check, { kind: "checked", headOid: HEAD, ...fine }),
  );
  expect(await runnerOf(merge)).toBe(far.id);
  const { runId, fence } = merge.spec;
  const ask = { connection: far.connection, runId, fence };
  expect(await stage.core.secrets(far.id, ask)).toMatchObject({
    value: { values: { NPM: "hush-hush" } },
  });
  await grant(far);
  const refused = await stage.core.secrets(far.id, ask);
  expect(refused).toMatchObject({ ok: false, error: { code: "forbidden" } });
  expect(JSON.stringify(refused)).toContain("may not do a merge run any more");
  // Half a landing is worse than one more: it is left to settle.
  expect(stage.port.stops).toEqual([]);
});

test("[C7] [run/evict-away] an agent that has the key leaves when its runner may not have it any more, with its work saved and nobody to blame, and the next one has a pass", async () => {
  await grant(far, "model");
  await stage.do("runner.drain", { runner: "near" });
  const bead = await sling();
  const work = await stage.offered("work");
  await far.tell(work.spec, { kind: "started" }, { kind: "progress", what: "tree" });
  const { runId, fence } = work.spec;
  const ask = { connection: far.connection, runId, fence, want: "model" as const };
  expect(await stage.core.credential(far.id, ask)).not.toHaveProperty("value.viaTown");
  await grant(far);
  expect(await stage.core.credential(far.id, ask)).toMatchObject({ error: { code: "forbidden" } });
  await stage.until(() => stage.port.stops.find(({ runId }) => runId === work.spec.runId));
  const before = stage.port.offers.length;
  await far.tell(work.spec, savedFact({ oid: HEAD }), exit("evicted"));
  const next = await stage.offered("work", before);
  expect(next.spec).toMatchObject({ savedWork: { oid: HEAD } });
  const fresh = { ...ask, runId: next.spec.runId, fence: next.spec.fence };
  expect(await stage.core.credential(far.id, fresh)).toMatchObject({ value: { viaTown: true } });
  expect(await stage.issue(bead)).toMatchObject({ workAttempts: 0, startFailures: 0 });
  // It has no key that could be taken.
  await grant(far, "merge");
  expect(stage.port.stops.map(({ runId }) => runId)).toEqual([work.spec.runId]);
});

test("[C7] what a hello says of rights is its token's, not the runner's row", async () => {
  const shown = async () =>
    (await stage.do("town.status", {})).runners.find(({ id }) => id === far.id)?.rights;
  await grant(far, "model", "merge");
  expect(await shown()).toEqual(["model", "merge"]);
  far.rights = ["merge"];
  await far.hello({ name: "far", lastOfferSeq: 99 });
  expect(await shown()).toEqual(["merge"]);
});

test("[C7] a rig that wants a label waits for a runner that people have labelled, over a restart, and says what is missing", async () => {
  await grant(far, "model", "merge");
  await stage.do("rig.update", { rig, set: { labels: ["gpu", "gpu", "arm"] } });
  expect((await stage.do("rig.list", {}))[0]?.labels).toEqual(["arm", "gpu"]);
  const bead = await sling();
  await waits(bead, "no connected runner has the label arm, nor gpu");
  const { can } = await stage.do("bead.explain", { bead });
  expect(can.map(({ text }) => text)).toContain("Give runner far the labels of the rig");
  await stage.do("runner.label", { runner: "near", labels: ["gpu"] });
  await waits(bead, "no connected runner has the label arm, as");
  const labelled = await stage.do("runner.label", { runner: "far", labels: ["gpu", "arm", "gpu"] });
  expect(labelled.labels).toEqual(["arm", "gpu"]);
  const work = await stage.offered("work");
  expect(await runnerOf(work)).toBe(far.id);
  await stage.restart();
  await far.hello({ name: "far", lastOfferSeq: 99 });
  expect(await stage.do("town.status", {})).toMatchObject({
    runners: [
      { name: "near", labels: ["gpu"] },
      { name: "far", labels: ["arm", "gpu"] },
    ],
  });
});

test("[C7] a change of labels moves no run that is under way, and runs the rig's baseline not again", async () => {
  await sling();
  const work = await stage.offered("work");
  await near.tell(work.spec, { kind: "started" });
  await stage.do("rig.update", { rig, set: { labels: ["gpu"] } });
  await stage.tick();
  expect(stage.port.stops).toEqual([]);
  expect((await stage.do("rig.list", {}))[0]).toMatchObject({ state: "ready" });
});

test("[C7] a rig's next run goes where its repository is, though another runner has one slot more", async () => {
  await grant(far, "model", "merge");
  await far.hello({ name: "far", local: false, slots: 9, lastOfferSeq: 99 });
  const work = await at({ kind: "work" }, () => sling());
  expect(await runnerOf(work)).toBe(near.id);
});

test("[C7] [R9] nobody but a runner with the rig's labels is asked to look into its repository", async () => {
  await stage.do("rig.update", { rig, set: { labels: ["trusted"] } });
  const refused = await stage.call("rig.browse", { rig });
  expect(refused).toMatchObject({ ok: false, error: { code: "offline", retryable: true } });
  expect(JSON.stringify(refused)).toContain("no connected runner has the labels");
  expect(stage.port.looks).toEqual([]);
  await stage.do("runner.label", { runner: "far", labels: ["trusted"] });
  await stage.call("rig.browse", { rig });
  expect(stage.port.looks).toHaveLength(1);
  expect(stage.port.asked).toEqual([far.id]);
});
