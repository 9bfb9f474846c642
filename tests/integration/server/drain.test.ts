// Runners that leave: those that say that they stop, and those that a person sets away.
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Offer } from "../../../protocol/index.ts";
import { savedFact } from "../../support/saved-fact.ts";
import { exit, HEAD, openStage, PlayedRunner, type Stage } from "./stage.ts";

const GRACE_MS = 600_000;
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

const sling = async () => (await stage.do("bead.sling", { rig, title: "Sort" })).id;
async function working(): Promise<{ bead: string; offer: Offer }> {
  const before = stage.port.offers.length;
  const bead = await sling();
  const offer = await stage.offered("work", before);
  await runner.tell(offer.spec, { kind: "started" }, { kind: "progress", what: "tree" });
  return { bead, offer };
}
const waitOf = (bead: string, text: string) =>
  stage.until(async () => ((await stage.issue(bead)).wait?.text === text ? true : undefined));
const shown = async (id: string) =>
  (await stage.do("town.status", {})).runners.find((each) => each.id === id);
const leave = (connection = runner.connection) => stage.core.leaving(runner.id, { connection });
const beat = () =>
  stage.core.heartbeat(runner.id, { connection: runner.connection, lastOfferSeq: 99, runs: [] });

test("[C9] a runner that says that it stops is given nothing from then on, over a restart of the town, until its next hello", async () => {
  await leave();
  expect((await shown(runner.id))?.leavingAt).not.toBeNull();
  const before = stage.port.offers.length;
  const bead = await sling();
  const words = "runner played is stopping and takes nothing new";
  await waitOf(bead, words);
  await stage.restart();
  await stage.tick();
  expect((await shown(runner.id))?.leavingAt).not.toBeNull();
  expect(stage.port.offers).toHaveLength(before);
  // The same process, on another connection: still on its way out.
  await runner.hello({ leaving: true, lastOfferSeq: 99 });
  await waitOf(bead, words);
  runner.incarnation = 2;
  await runner.hello({ lastOfferSeq: 99 });
  expect((await stage.offered("work", before)).spec.kind).toBe("work");
  expect((await shown(runner.id))?.leavingAt).toBeNull();
});

test("[C9] what an older connection of a runner said of leaving does not hold for the newer one", async () => {
  const old = runner.connection;
  await runner.hello({ lastOfferSeq: 99 });
  await leave(old);
  expect((await shown(runner.id))?.leavingAt).toBeNull();
});

test("[C9] [run/evict-away] a run on a runner that was set away is evicted after the grace, and goes on elsewhere from its saved work, with no attempt counted", async () => {
  const { bead, offer } = await working();
  await runner.tell(offer.spec, savedFact({ oid: HEAD }), {
    ...{ kind: "saved_copy", oid: HEAD, atRisk: 0, reason: null },
  });
  const other = new PlayedRunner(stage);
  await other.hello({ name: "other" });
  const away = await stage.do("runner.drain", { runner: "played", reason: "new memory" });
  expect(away.away).toMatchObject({ by: "person:owner", reason: "new memory" });
  await stage.pass(GRACE_MS - 1_000);
  await beat();
  await stage.tick();
  expect(stage.port.stops).toEqual([]);
  const told = await stage.do("run.explain", { run: offer.spec.runId });
  expect(told.reasons.map(({ text }) => text).join()).toContain("was set away by owner");
  await stage.pass(1_001);
  await beat();
  await other.hello({ name: "other" });
  await stage.tick();
  const stop = await stage.until(() => stage.port.stops[0]);
  expect(stop).toMatchObject({ runId: offer.spec.runId, outcome: "evicted" });
  const before = stage.port.offers.length;
  await runner.tell(offer.spec, exit("evicted", "evicted"));
  const next = await stage.offered("work", before);
  const run = await stage.do("run.get", { run: next.spec.runId });
  expect(run.runnerId).toBe(other.id);
  expect(next.spec).toMatchObject({ savedWork: { oid: HEAD, onRemote: true } });
  expect(await stage.issue(bead)).toMatchObject({ workAttempts: 0, startFailures: 0 });
});

test("[C9] a runner that a person has set away stays so over restarts of the town and of itself, until it is resumed", async () => {
  await stage.do("runner.drain", { runner: runner.id });
  await stage.restart();
  runner.incarnation = 2;
  await runner.hello({ lastOfferSeq: 99 });
  const before = stage.port.offers.length;
  const bead = await sling();
  await waitOf(bead, "runner played was set away by owner: resume it to give it work");
  const explained = await stage.do("bead.explain", { bead });
  const can = explained.can.find(({ command }) => command === "runner.resume");
  expect(can?.body).toEqual({ runner: runner.id });
  await stage.do("runner.resume", { runner: runner.id });
  expect((await stage.offered("work", before)).spec.kind).toBe("work");
  expect((await shown(runner.id))?.away).toBeNull();
});

test("[C9] [run/evict-away] an idle Mayor leaves a runner that was set away at once, and answers from another", async () => {
  await stage.do("mayor.say", { text: "Hello?" });
  const offer = await stage.offered("session");
  const turnId = offer.spec.kind === "session" ? (offer.spec.turns[0]?.turnId ?? "") : "";
  const said = { turnId, text: "Hello.", reason: "completed", message: null } as const;
  await runner.tell(offer.spec, { kind: "started" }, { kind: "turn_started", turnId });
  await stage.do("runner.drain", { runner: runner.id });
  await stage.tick();
  expect(stage.port.stops).toEqual([]);
  await runner.tell(offer.spec, { kind: "turn_ended", ...said });
  const stop = await stage.until(() => stage.port.stops[0]);
  expect(stop).toMatchObject({ runId: offer.spec.runId, outcome: "evicted" });
  await stage.do("mayor.say", { text: "Still there?" });
  await stage.tick();
  expect(stage.port.turns).toEqual([]);
  const other = new PlayedRunner(stage);
  await other.hello({ name: "other" });
  const before = stage.port.offers.length;
  await runner.tell(offer.spec, exit("evicted", "evicted"));
  const next = await stage.offered("session", before);
  expect((await stage.do("run.get", { run: next.spec.runId })).runnerId).toBe(other.id);
});
