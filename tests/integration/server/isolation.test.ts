// The loop's bad input: what is wrong with one thing stays with that thing, is reported, and the town goes on.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Offer } from "../../../protocol/index.ts";
import { exit, openStage, PlayedRunner, workDone, type Stage } from "./stage.ts";

let stage: Stage;
let runner: PlayedRunner;
let rig: string;
beforeEach(async () => {
  stage = await openStage({ slots: 16 });
  runner = new PlayedRunner(stage);
  await runner.hello({ slots: 16 });
  rig = await stage.readyRig(runner, { slots: 16 });
});
afterEach(() => stage[Symbol.asyncDispose]());

const sling = async (title: string, more: object = {}) =>
  (await stage.do("bead.sling", { rig, title, ...more })).id;

/** What no code of the town would write, by somebody with another program. */
function damage(sql: string, ...values: string[]): void {
  const db = new Database(stage.databaseFile);
  db.run("PRAGMA foreign_keys = OFF");
  const { changes } = db.query(sql).run(...values);
  db.close();
  expect(changes).toBeGreaterThan(0);
}

type Damage = [what: string, sql: string];

/** Rows that cannot be read at all. */
const unreadable: Damage[] = [
  [
    "an open bead whose failure is no JSON",
    "update issues set failure = '{' where bead_id = $open",
  ],
  ["an open bead whose labels are no JSON", "update beads set labels = '{' where id = $open"],
  ["an open bead whose checks are no JSON", "update issues set checks = '{' where bead_id = $open"],
  ["a run whose spec is no JSON", "update runs set spec = '{' where bead_id = $working"],
  ["a run whose result is no JSON", "update runs set result = '{' where bead_id = $working"],
  ["a review whose round is no JSON", "update rounds set record = '{'"],
];

/** Rows that can be read and make no sense. */
const senseless: Damage[] = [
  ["an open bead in no state", "update issues set state = 'lost' where bead_id = $open"],
  ["a bead without its own row", "delete from issues where bead_id = $open"],
  ["a bead without its bead row", "delete from beads where id = $open"],
  ["a run without a bead", "delete from issues where bead_id = $working"],
  ["a review in no state", "update reviews set state = 'x' where subject_id = $reviewed"],
  ["a review without a row", "delete from reviews where subject_id = $reviewed"],
  ["a convoy in no state", "update convoys set state = 'x'"],
  ["a convoy whose failure is no JSON", "update convoys set failure = '{'"],
  [
    "a timer of nothing",
    "insert into timers (subject, kind, due_at) values ('bd_nothing', 'look', 5)",
  ],
];

type Live = Offer & { spec: { kind: "work" } };
const live: Live[] = [];

/** A town with a bead in each state, damaged while it was down; answers the open one. */
async function damaged(sql: string): Promise<Record<string, string>> {
  const open = await sling("Open", { dependsOn: [await sling("Held", { held: true })] });
  const working = await sling("Working");
  const work = await stage.offered("work");
  const reviewed = await sling("Reviewed");
  const isOf = (offer: Offer): offer is Live =>
    offer.spec.kind === "work" && offer.spec.bead.id === reviewed;
  await runner.end(await stage.until(() => stage.port.offers.find(isOf)), workDone);
  const check = await stage.offered("check");
  const tasks = [{ key: "a", title: "a" }];
  await stage.do("convoy.sling", { rig, title: "All", staged: true, tasks });
  await stage.stop();
  const ids: Record<string, string> = { open, working, reviewed };
  damage(sql.replace(/\$(\w+)/g, (_all, name: string) => `'${ids[name] ?? name}'`));
  await stage.open();
  const held = [work, check].map(({ spec: { runId, fence } }) => ({ runId, fence }));
  await runner.hello({
    ...{ slots: 16, spoolSeq: runner.seq, lastOfferSeq: 99 },
    live: held.map((run) => ({ ...run, phase: "running", progressAgoMs: 0 })),
  });
  live.splice(0, live.length, work);
  return ids;
}

/** A bead that has nothing to do with it goes from its sling to the end of its run; what reads all still answers. */
async function goesOn(title: string): Promise<void> {
  const before = stage.port.offers.length;
  const id = await sling(title);
  const isOf = (offer: Offer): offer is Live =>
    offer.spec.kind === "work" && offer.spec.bead.id === id;
  const offer = await stage.until(() => stage.port.offers.slice(before).find(isOf));
  await runner.tell(offer.spec, { kind: "started" }, exit("no_result", "silent"));
  expect((await stage.issue(id)).workAttempts).toBe(1);
  for (const topic of ["town", "board", "reviews", "convoys", "agents"] as const)
    expect(stage.core.topic(topic).ok).toBe(true);
}

async function pass(ms: number, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    await stage.pass(ms);
    await stage.tick();
  }
}

test.each([...unreadable, ...senseless])(
  "[C12] [SC-POISON-3] %s: others go on, also while it is touched",
  async (_, sql) => {
    const { open = "", reviewed = "" } = await damaged(sql);
    await goesOn("Fresh");
    // Whatever becomes of these, it is theirs alone.
    const named = [{ bead: open }, { bead: reviewed }, { bead: live[0]?.spec.bead.id ?? "" }];
    await Promise.allSettled(
      named.map((body) => stage.call("bead.close", { ...body, outcome: "answered" })),
    );
    for (const { spec } of live)
      await runner.tell(spec, { kind: "progress", what: "tree" }, exit("crashed", "oom"));
    await pass(6_000, 4);
    await goesOn("Fresh again");
    expect(stage.errors.filter((error) => error.includes("tick failed"))).toEqual([]);
  },
);

test.each(unreadable)(
  "[C12] %s: a person is told once of each that waits for it",
  async (_, sql) => {
    await damaged(sql);
    await goesOn("Fresh");
    await pass(6_000, 4);
    await stage.until(() => (stage.escalations().length > 0 ? true : undefined));
    const told = await stage.do("escalation.list", {});
    expect(new Set(told.map(({ title }) => title))).toEqual(
      new Set(["A rule of the town keeps failing"]),
    );
    // What is read together with it cannot be decided about either.
    expect(new Set(told.map(({ subjectId }) => subjectId)).size).toBe(told.length);
    await pass(6_000, 4);
    expect(await stage.do("escalation.list", {})).toHaveLength(told.length);
  },
);

test.each([
  ["forward", 86_400_000],
  ["back", -86_400_000],
])(
  "[C6] a clock that is set %s by a day takes no run away, and the town goes on",
  async (_, ms) => {
    const working = await sling("Working");
    const work = await stage.offered("work");
    await runner.tell(work.spec, { kind: "started" });
    stage.clock.setMs = ms;
    await pass(1_000, 3);
    const { town, runners } = await stage.do("town.status", {});
    expect(runners[0]?.state).toBe("connected");
    expect(town.observingUntilAt).toBeGreaterThan(stage.clock.now());
    expect((await stage.do("run.get", { run: work.spec.runId })).state).toBe("running");
    await goesOn("Fresh");
    expect(stage.port.stops).toEqual([]);
    await runner.end(work, workDone);
    expect((await stage.issue(working)).status).toBe("in_review");
    expect(stage.errors).toEqual([]);
  },
);

test("[C12] [SC-POISON-2] a poison fact parks its own run alone: other runs' facts of the batch count at once", async () => {
  const working = await sling("Working");
  const work = await stage.offered("work");
  const { runId, fence } = { ...work.spec, runId: `rn_${"0".repeat(26)}` };
  const at = stage.clock.now();
  const poison = { seq: runner.seq + 1, runId, fence, at, body: { kind: "started" } as const };
  const good = { ...poison, seq: runner.seq + 2, runId: work.spec.runId };
  await runner.send([poison, good]);
  expect((await stage.do("run.get", { run: work.spec.runId })).state).toBe("running");
  expect((await stage.issue(working)).status).toBe("in_progress");
});

test("[C6] [SC-RECOVER-10] a clock that is set does not end, and does not lengthen, what waits", async () => {
  const waiting = await sling("Waiting");
  const work = await stage.offered("work");
  await stage.do("settings.set", { key: "backOffBaseMs", value: 60_000 });
  await runner.tell(work.spec, { kind: "started" }, exit("crashed", "oom"));
  const waitOf = async () => {
    await stage.tick();
    const until = (await stage.issue(waiting)).wait?.untilAt ?? 0;
    return until - stage.clock.now();
  };
  const before = await waitOf();
  expect(before).toBeWithin(30_000, 61_000);
  for (const ms of [86_400_000, -86_400_000, 0]) {
    stage.clock.setMs = ms;
    await stage.tick();
    expect(await waitOf()).toBeWithin(before - 10_000, before + 1);
  }
});

test("[C6] silence that began before the clock was set back is noticed in time", async () => {
  const work = await sling("Working").then(() => stage.offered("work"));
  stage.clock.setMs = -86_400_000;
  stage.core.runnerGone(runner.id, runner.connection);
  await pass(70_000, 4);
  expect(await stage.do("run.get", { run: work.spec.runId })).toMatchObject({ outcome: "lost" });
});
