// Agents over their runs: names, reuse within a rig, reset, wishes, and what becomes of those that nobody needs.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { exit, openStage, PlayedRunner, type Stage } from "./stage.ts";

const DAY = 24 * 3_600_000;
let stage: Stage;
let runner: PlayedRunner;
let rig: string;
beforeEach(async () => {
  stage = await openStage({ workAttemptsMax: 100, startFailuresMax: 100 });
  runner = new PlayedRunner(stage);
  await runner.hello({ slots: 64 });
  rig = await stage.readyRig(runner, { slots: 64 });
  await stage.do("settings.set", { key: "slots", value: 64 });
});
afterEach(() => stage[Symbol.asyncDispose]());

const works = () => stage.port.offers.flatMap(({ spec }) => (spec.kind === "work" ? [spec] : []));
const sling = (title: string, of = rig) => stage.do("bead.sling", { rig: of, title });
/** The newest run of the bead, once it is offered. */
const workOf = (bead: string, after = 0) =>
  stage.until(() =>
    works()
      .slice(after)
      .findLast((spec) => spec.bead.id === bead),
  );
const agent = async (id: string) =>
  (await stage.bead(id)).bead as { state: string; status: string };
const listed = async () => (await stage.do("agent.list", {})).map(({ id }) => id);

/** An agent that has worked and is free. */
async function free(): Promise<string> {
  const { id } = await sling("worked on");
  const work = await workOf(id);
  await stage.do("bead.cancel", { bead: id });
  await runner.tell(work, exit("crashed"));
  expect((await agent(work.agent.id)).state).toBe("idle");
  return work.agent.id;
}

test("[B9] every agent of a town has a name of its own, also over a restart", async () => {
  const beads = await Promise.all(Array.from({ length: 30 }, (_, n) => sling(`w${n}`)));
  await Promise.all(beads.map(({ id }) => workOf(id)));
  await stage.restart();
  await runner.hello({
    slots: 64,
    live: works().map(({ runId, fence }) => ({ runId, fence, phase: "running", progressAgoMs: 0 })),
  });
  const { id } = await sling("one more");
  await workOf(id);
  const names = (await stage.do("agent.list", {})).map(({ name }) => name);
  expect(names).toHaveLength(32);
  expect(new Set(names).size).toBe(32);
  expect(names).toContain("Amber 2");
});

test("[B9] a free agent is taken again in its rig and role, and in no other", async () => {
  const id = await free();
  expect((await workOf((await sling("two")).id)).agent.id).toBe(id);
  const before = stage.port.offers.length;
  const other = await stage.do("rig.add", { remote: "/nowhere/other", target: "main" });
  const offer = await stage.offered("baseline", before);
  const told = { targetOid: "b".repeat(40), green: true, gates: [], reason: null };
  await runner.end(offer, { kind: "baseline", target: "main", ...told });
  const far = await workOf((await sling("far", other.id)).id);
  expect(far.agent.id).not.toBe(id);
});

test("[B7] a reset agent's run is stopped with its work saved, and its bead goes on", async () => {
  const bead = await sling("one");
  const work = await workOf(bead.id);
  const { id } = work.agent;
  const { version } = await stage.do("agent.reset", { agent: id });
  expect((await stage.until(() => stage.port.stops[0])).runId).toBe(work.runId);
  expect(await stage.codeOf("agent.reset", { agent: id, version: version - 1 })).toBe(
    "stale_version",
  );
  expect((await agent(id)).state).toBe("working");
  const before = works().length;
  await runner.tell(work, exit("stopped_by_person"));
  expect((await agent(id)).state).toBe("idle");
  await stage.pass(60_000);
  await stage.tick();
  expect((await workOf(bead.id, before)).bead.attempt).toBe(2);
  expect((await stage.issue(bead.id)).workAttempts).toBe(0);
  const { events } = await stage.bead(id);
  expect(events.map(({ kind, actor }) => [kind, actor])).toContainEqual(["reset", "person:owner"]);
});

test("[agent/retire] an agent that nobody needed for a week retires: its runs and its history stay", async () => {
  const id = await free();
  await stage.pass(6 * DAY);
  await stage.tick();
  expect(await agent(id)).toMatchObject({ state: "idle", status: "open" });
  await stage.pass(1.1 * DAY);
  await stage.tick();
  expect(await agent(id)).toMatchObject({ state: "retired", status: "closed" });
  expect(await listed()).not.toContain(id);
  const { events } = await stage.bead(id);
  expect(events.at(-1)).toMatchObject({ kind: "retired", rule: "agent/retire", actor: "town" });
  const run = works().find((spec) => spec.agent.id === id);
  expect((await stage.do("run.get", { run: run?.runId ?? "" })).agentId).toBe(id);
  await runner.hello({ slots: 64 });
  const next = await workOf((await sling("next")).id);
  expect(next.agent.id).not.toBe(id);
  expect(next.agent.name).not.toBe("Amber");
});

test("[agent/retire] the figure is a setting, of the town or of a rig, and counts at once", async () => {
  const id = await free();
  await stage.pass(5_000);
  await stage.do("settings.set", { key: "agentIdleMs", value: 2_000, rig });
  expect((await agent(id)).state).toBe("retired");
});

test("[agent/retire] one that a bead wishes for, or a message waits for, stays until that is over", async () => {
  const id = await free();
  const { id: bead } = await stage.do("bead.sling", { rig, title: "Mine", held: true });
  await stage.do("bead.update", { bead, set: { assignee: id } });
  await stage.pass(5 * DAY);
  await stage.do("mail.send", { to: id, text: "Use tabs", minutes: 7 * 24 * 60 });
  await stage.pass(4 * DAY);
  await stage.tick();
  expect((await agent(id)).state).toBe("idle");
  await stage.do("bead.delete", { bead });
  expect((await agent(id)).state).toBe("idle");
  await stage.pass(4 * DAY);
  await stage.tick();
  expect((await agent(id)).state).toBe("retired");
});

test("[agent/retire] one that is at work, and the Mayor, never retire", async () => {
  const work = await workOf((await sling("long")).id);
  await runner.tell(work, { kind: "started" });
  await stage.do("settings.set", { key: "agentIdleMs", value: 1_000 });
  await stage.pass(3_000);
  await stage.tick();
  expect((await agent(work.agent.id)).state).toBe("working");
  expect((await stage.do("agent.list", {})).map(({ role }) => role)).toContain("mayor");
});

test("[B9] an agent that a person retires leaves its wishes and its messages behind, and is asked for nothing", async () => {
  const id = await free();
  const { id: bead } = await stage.do("bead.sling", { rig, title: "Mine", held: true });
  await stage.do("bead.update", { bead, set: { assignee: id } });
  const { id: mail } = await stage.do("mail.send", { to: id, text: "Use tabs" });
  expect((await stage.do("agent.retire", { agent: id })).state).toBe("retired");
  expect((await stage.issue(bead)).wishedAgentId).toBeNull();
  expect((await stage.do("mail.list", { to: id }))[0]).toMatchObject({
    id: mail,
    state: "expired",
  });
  await stage.do("bead.release", { bead });
  expect((await workOf(bead)).agent.id).not.toBe(id);
  expect((await stage.do("reconcile.preview", {})).steps).toEqual([]);
});

test("[B9] [B20] a free agent, a wished one, a free name and what people gave back are found by index, however many there are", async () => {
  await stage.stop();
  const db = new Database(stage.databaseFile);
  const plan = (sql: string) =>
    db
      .query<{ detail: string }, []>(`explain query plan ${sql}`)
      .all()
      .map(({ detail }) => detail)
      .join("; ");
  const idle = `select beads.id from beads inner join agents on beads.id = agents.bead_id
    where type = 'agent' and status = 'open' and rig_id is 'rg' and role = 'polecat' order by beads.id limit 1`;
  expect(plan(idle)).toContain("beads_idle_agents (rig_id=?)");
  expect(plan(idle)).not.toContain("TEMP B-TREE");
  expect(plan("select bead_id from agents where name = 'Amber'")).toContain("agents_by_name");
  expect(plan("select bead_id from issues where wished_agent_id = 'ag'")).toContain(
    "issues_by_wish",
  );
  const given = "json_extract(taken, '$.given.runnerId') = 'ru'";
  expect(plan(`select bead_id from issues where taken is not null and ${given}`)).toContain(
    "issues_taken",
  );
  db.close();
});
