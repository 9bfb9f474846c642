import { afterEach, beforeEach, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FactBody, Offer, TopicFrame } from "../../../protocol/index.ts";
import { exit, openStage, PlayedRunner, type Stage } from "./stage.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage[Symbol.asyncDispose]());

const topic = (since?: { epoch: number; version: number }) => {
  const state = stage.core.topic("board", since);
  if (!state.ok) throw new Error(state.error.message);
  return state.value;
};
const titles = (items: TopicFrame["items"]) =>
  items.flatMap((item) => (item.kind === "issue" && item.value ? [item.value.title] : []));

test("[E1] the feed gives what was missed since a position of this epoch, else the whole topic", async () => {
  const rig = await stage.do("rig.add", { remote: "/nowhere/sample", target: "main" });
  await stage.do("bead.sling", { rig: rig.id, title: "One" });
  const { position } = topic();
  await stage.do("bead.sling", { rig: rig.id, title: "Two" });
  const missed = topic(position);
  expect([missed.reset, [...new Set(titles(missed.items))]]).toEqual([false, ["Two"]]);
  expect(topic(missed.position)).toMatchObject({ reset: false, items: [] });
  await stage.restart();
  const after = topic(position);
  expect([after.reset, titles(after.items).toSorted()]).toEqual([true, ["One", "Two"]]);
  const ahead = topic({ ...after.position, version: after.position.version + 100 });
  expect(ahead.reset).toBe(true);
});

test("[E1] a topic that does not exist is refused", () => {
  const state = stage.core.topic("bead:nobody");
  expect(state.ok ? "ok" : state.error.code).toBe("unknown_topic");
});

test("[A2] the epoch rises at every start", async () => {
  const epochs = [stage.core.epoch];
  for (let start = 0; start < 3; start++) {
    await stage.restart();
    epochs.push(stage.core.epoch);
  }
  expect(new Set(epochs).size).toBe(4);
  expect(epochs).toEqual(epochs.toSorted((one, other) => one - other));
});

test("[A2] data of a newer version is refused and not one byte of it changes", async () => {
  await stage.stop();
  const db = new Database(stage.databaseFile);
  db.run("PRAGMA user_version = 99");
  db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
  const before = await Bun.file(stage.databaseFile).bytes();
  expect(stage.open()).rejects.toThrow("written by a newer gastown (schema 99");
  expect(await Bun.file(stage.databaseFile).bytes()).toEqual(before);
});

test("[A2] a lost database does not become an empty town", async () => {
  const { epoch } = stage.core;
  await stage.stop();
  const aside = join(stage.dir.path, "aside");
  await rename(stage.databaseFile, aside);
  for (const suffix of ["-wal", "-shm"]) await rm(stage.databaseFile + suffix, { force: true });
  expect(stage.open()).rejects.toThrow("is missing but a town was here");
  expect(await Bun.file(stage.databaseFile).exists()).toBe(false);
  await rename(aside, stage.databaseFile);
  await stage.open();
  expect(stage.core.epoch).toBeGreaterThan(epoch);
});

test("[A2] a file that is no database is refused with a sentence", async () => {
  await stage.stop();
  for (const suffix of ["-wal", "-shm"]) await rm(stage.databaseFile + suffix, { force: true });
  await writeFile(
    stage.databaseFile,
    "not a database, but long enough to be read as one".repeat(100),
  );
  expect(stage.open()).rejects.toThrow("cannot be read as a town's database");
});

/** A Mayor whose first turn is under way. */
async function mayor(): Promise<{ runner: PlayedRunner; offer: Offer; turnId: string }> {
  const runner = new PlayedRunner(stage);
  await runner.hello();
  await stage.readyRig(runner);
  const { turnId } = await stage.do("mayor.say", { text: "Sort the list" });
  return { runner, offer: await stage.offered("session"), turnId };
}

test("[R7] a town that has stopped leaves no timer behind", async () => {
  const { runner, offer } = await mayor();
  await runner.tell(offer.spec, { kind: "started" });
  await runner.tell(offer.spec, { kind: "events", events: [] });
  expect(stage.timers).toBeGreaterThan(0);
  await stage.stop();
  expect(stage.timers).toBe(0);
});

const tool = async (
  { runner, offer, turnId }: Awaited<ReturnType<typeof mayor>>,
  name: string,
  args: unknown,
  key: string,
) => {
  const { runId, fence } = offer.spec;
  const frame = {
    connection: runner.connection,
    runId,
    fence,
    turnId,
    tool: name,
    arguments: args,
    key,
  };
  const ack = await stage.core.tool(runner.id, frame);
  if (!ack.ok) return { isError: true, text: ack.error.code };
  return ack.value;
};
const sling = { rig: "sample", title: "Sort", body: "the list" };
const beads = async () => (await stage.do("bead.list", {})).length;

test("[B1] a tool call that is repeated answers the same and creates nothing twice, by a later run too", async () => {
  const first = await mayor();
  const made = await tool(first, "gt_sling", sling, "hash-of-the-call-1");
  expect(made.isError).toBe(false);
  expect(await tool(first, "gt_sling", sling, "hash-of-the-call-1")).toEqual(made);
  const before = stage.port.offers.length;
  await first.runner.tell(first.offer.spec, exit("crashed", "killed"));
  const offer = await stage.offered("session", before);
  expect(offer.spec.kind === "session" && offer.spec.turns[0]).toMatchObject({
    turnId: first.turnId,
    journal: [{ tool: "gt_sling", answer: made.text }],
  });
  const second = { ...first, offer };
  expect(await tool(second, "gt_sling", sling, "hash-of-the-call-1")).toEqual(made);
  expect(await tool(first, "gt_sling", sling, "hash-of-the-call-2")).toMatchObject({
    text: "stale_fence",
  });
  expect(await beads()).toBe(1);
});

test("[B1] what the Mayor may not do is said to it and remembered, and creates nothing", async () => {
  const turn = await mayor();
  const tasks = ["a", "b"].map((key) => ({ key, title: key, body: "" }));
  const convoy = { rig: "sample", title: "Both", tasks };
  const refused = await tool(turn, "gt_sling_convoy", convoy, "hash-of-the-call-1");
  expect(refused).toMatchObject({
    isError: true,
    text: expect.stringContaining("parallel_required"),
  });
  for (const [name, args] of [
    ["gt_sling", { ...sling, rig: "nowhere" }],
    ["gt_sling", { ...sling, title: "x".repeat(100_000) }],
    ["gt_sling", "not an object"],
    ["gt_done", {}],
  ] as const) {
    const answer = await tool(turn, name, args, `hash-${name}-${JSON.stringify(args).length}`);
    expect([name, answer.isError]).toEqual([name, true]);
  }
  expect(await beads()).toBe(0);
});

test("[B1] a turn that is over takes no further calls, and another run's word does not end it", async () => {
  const turn = await mayor();
  const ended = (turnId: string): FactBody => ({
    kind: "turn_ended",
    turnId,
    text: "It is planned.",
    reason: "completed",
    message: null,
  });
  const work = {
    runId: stage.port.offers[0]?.spec.runId ?? "",
    fence: stage.port.offers[0]?.spec.fence,
  };
  if (!work.fence) throw new Error("the baseline was offered");
  await turn.runner.tell({ runId: work.runId, fence: work.fence }, ended(turn.turnId));
  expect((await tool(turn, "gt_rigs", {}, "hash-of-the-call-1")).isError).toBe(false);
  await turn.runner.tell(turn.offer.spec, ended(turn.turnId));
  expect(await tool(turn, "gt_rigs", {}, "hash-of-the-call-2")).toMatchObject({
    text: "stale_fence",
  });
});

test("[B1] the next turn goes to the Mayor that is up; after a loss the transcript comes along", async () => {
  const { runner, offer, turnId } = await mayor();
  const done = { text: "It is planned.", reason: "completed", message: null } as const;
  await runner.tell(offer.spec, { kind: "started" }, { kind: "turn_ended", turnId, ...done });
  const next = await stage.do("mayor.say", { text: "And test it" });
  expect((await stage.until(() => stage.port.turns[0])).turn).toMatchObject({
    turnId: next.turnId,
  });
  const before = stage.port.offers.length;
  await runner.tell(offer.spec, exit("lost"));
  const again = await stage.offered("session", before);
  expect(again.spec.kind === "session" && again.spec.transcript).toEqual([
    { from: "person", text: "Sort the list" },
    { from: "mayor", text: "It is planned." },
  ]);
});
