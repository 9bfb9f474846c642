// Scenarios of docs/scenarios.md that no other test shows: short stories on a real town, with a runner that the test plays.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { FactBody, Offer, RunSpec } from "../../../protocol/index.ts";
import { BASE, exit, HEAD, openStage, PlayedRunner, workDone, type Stage } from "./stage.ts";
import { savedFact } from "../../support/saved-fact.ts";

let stage: Stage;
let runner: PlayedRunner;
let rig: string;
beforeEach(async () => {
  stage = await openStage({ workAttemptsMax: 2 });
  runner = new PlayedRunner(stage);
  await runner.hello();
  rig = await stage.readyRig(runner);
});
afterEach(() => stage[Symbol.asyncDispose]());

const sling = async (title: string, more: object = {}) =>
  (await stage.do("bead.sling", { rig, title, ...more })).id;
const task = (key: string, ...dependsOn: string[]) => ({ key, title: key, dependsOn });

type Of<K extends RunSpec["kind"]> = Offer & { spec: { kind: K } };
function offersOf<K extends RunSpec["kind"]>(kind: K, bead: string): Of<K>[] {
  const isOf = (offer: Offer): offer is Of<K> =>
    offer.spec.kind === kind && "bead" in offer.spec && offer.spec.bead.id === bead;
  return stage.port.offers.filter(isOf);
}
/** The n-th offer of a kind for a bead, once it is made. */
const offer = <K extends RunSpec["kind"]>(kind: K, bead: string, n = 1): Promise<Of<K>> =>
  stage.until(() => offersOf(kind, bead)[n - 1]);

const green = {
  kind: "checked",
  headOid: HEAD,
  green: true,
  gates: [],
  conflicts: [],
  reason: null,
} satisfies FactBody;
const verdict = (said: "approve" | "request_changes", summary: string) =>
  ({ kind: "verdict", headOid: HEAD, verdict: said, summary, comments: [] }) satisfies FactBody;
let merges = 0;

async function toMerge(bead: string, n = 1): Promise<Of<"merge">> {
  const before = offersOf("merge", bead).length;
  await runner.end(await offer("work", bead, n), workDone);
  await runner.end(await offer("check", bead, n), green);
  await runner.end(await offer("review", bead, n), verdict("approve", "fine"));
  return offer("merge", bead, before + 1);
}

async function land(bead: string, n = 1): Promise<void> {
  const merge = await toMerge(bead, n);
  const oids = { sourceOid: HEAD, mergeOid: `${++merges}`.padStart(40, "d"), targetOid: BASE };
  const proof = { method: "merge", ref: "refs/heads/gastown/landed/main", ...oids } as const;
  await runner.end(merge, { kind: "landed", headOid: HEAD, proof, hint: null });
}

test("[B2] [SC-DISPATCH-1] a sling is answered at once, and the agent comes with the run, once", async () => {
  const made = await stage.do("bead.sling", { rig, title: "Sort" });
  expect(made).toMatchObject({ status: "open", assigneeId: null, runId: null });
  const work = await offer("work", made.id);
  expect(await stage.issue(made.id)).toMatchObject({
    status: "in_progress",
    assigneeId: work.spec.agent.id,
    runId: work.spec.runId,
  });
  await stage.tick();
  expect(offersOf("work", made.id)).toHaveLength(1);
});

test("[A4] [SC-DISPATCH-4] rigs keep their own settings over a restart, and no other rig answers", async () => {
  const set = {
    gates: [{ name: "unit", command: "make test", timeoutMs: 5_000 }],
    codeReview: false,
  };
  const other = await stage.do("rig.add", {
    remote: "/nowhere/other",
    target: "dev",
    slots: 2,
    ...set,
  });
  await stage.restart();
  const rigs = await stage.do("rig.list", {});
  expect(rigs.find(({ id }) => id === other.id)).toMatchObject({
    ...set,
    target: "dev",
    slots: 2,
    delivery: "branch",
  });
  expect(rigs.find(({ id }) => id === rig)).toMatchObject({
    target: "main",
    gates: [],
    codeReview: true,
  });
  expect(await stage.codeOf("bead.sling", { rig: "third", title: "x" })).toBe("not_found");
});

test("[C4] [SC-RECOVER-2] a runner that leaves right after a sign of life costs its bead nothing", async () => {
  const bead = await sling("Sort");
  const work = await offer("work", bead);
  await runner.tell(work.spec, { kind: "started" }, { kind: "progress", what: "tool" });
  const saved = savedFact({ oid: HEAD, baseOid: BASE });
  await runner.tell(work.spec, saved, exit("evicted", "draining"));
  const again = await offer("work", bead, 2);
  expect(again.spec.savedWork?.oid).toBe(HEAD);
  expect(await stage.issue(bead)).toMatchObject({ workAttempts: 0, startFailures: 0 });
  const busy = (await stage.do("agent.list", {})).filter(({ state }) => state === "working");
  expect(busy.map(({ runId }) => runId)).toEqual([again.spec.runId]);
});

test("[B8] [SC-AGENT-8] why a bead failed is still there after much was written to it", async () => {
  const bead = await sling("Sort");
  for (const n of [1, 2])
    await runner.tell((await offer("work", bead, n)).spec, exit("no_result", "silent"));
  const { failure } = await stage.issue(bead);
  expect(failure).toMatchObject({ code: "work_attempts", source: "bead/fail-exhausted" });
  for (let n = 0; n < 30; n++) await stage.do("bead.comment", { bead, text: `note ${n}` });
  expect((await stage.issue(bead)).failure).toEqual(failure);
  const { events } = await stage.bead(bead);
  expect(events.filter((event) => event.failure !== null).at(-1)?.failure).toEqual(failure);
});

test("[D16] [SC-AGENT-9] an agent's call for help is one card, as severe as it said, for whom that is", async () => {
  const bead = await sling("Sort");
  const { runId, fence } = (await offer("work", bead)).spec;
  const call = (key: string, severity: string) =>
    stage.core.tool(runner.id, {
      ...{ connection: runner.connection, runId, fence, turnId: null, key },
      ...{ tool: "gt_escalate", arguments: { title: "I am lost", body: "Help", severity } },
    });
  await call("first-call-of-this", "medium");
  await call("second-call-of-this", "high");
  const cards = await stage.do("escalation.list", {});
  expect(cards).toMatchObject([
    { title: "I am lost", severity: "high", target: "person", subjectId: bead },
  ]);
});

test("[D2] [SC-REVIEW-4] a merge that conflicts goes back to an author with the files, and lands nothing", async () => {
  const bead = await sling("Sort");
  const merge = await toMerge(bead);
  const told = { headOid: HEAD, message: "conflicts", gates: [], conflicts: ["src/a.ts"] };
  await runner.end(merge, { kind: "not_landed", code: "conflict", ...told });
  const again = await offer("work", bead, 2);
  expect(again.spec.bead).toMatchObject({
    round: 2,
    feedback: { text: expect.stringContaining("src/a.ts") },
  });
  expect(await stage.issue(bead)).toMatchObject({ landedOn: null, workAttempts: 0 });
  await land(bead, 2);
  expect(await stage.issue(bead)).toMatchObject({ outcome: "landed" });
});

test("[D4] [SC-REVIEW-5] changes that are asked for twice in the same words are one more round, which lands", async () => {
  const bead = await sling("Sort");
  await runner.end(await offer("work", bead), workDone);
  await runner.end(await offer("check", bead), green);
  const review = await offer("review", bead);
  const asked = verdict("request_changes", "Name the variables.");
  await runner.tell(review.spec, asked, asked, exit("done"));
  const again = await offer("work", bead, 2);
  expect(again.spec.bead).toMatchObject({
    round: 2,
    feedback: { text: expect.stringContaining("Name the variables.") },
  });
  expect(stage.escalations()).toEqual([]);
  await land(bead, 2);
  const { reviews } = await stage.bead(bead);
  expect(reviews.map(({ state, rounds }) => [state, rounds.length])).toEqual([["merged", 2]]);
});

test("[B4] [SC-CONVOY-1] the second of two tasks begins when the first has landed, on a base that holds it", async () => {
  const tasks = [task("a"), task("b", "a")];
  const { convoy, beads } = await stage.do("convoy.sling", { rig, title: "Both", tasks });
  const [a = "", b = ""] = beads.map(({ id }) => id);
  await toMerge(a);
  expect(offersOf("work", b)).toEqual([]);
  expect((await stage.issue(b)).wait?.text).toContain("waits for");
  const merge = await offer("merge", a);
  const oids = { sourceOid: HEAD, mergeOid: "e".repeat(40), targetOid: BASE };
  const proof = { method: "merge", ref: "refs/heads/gastown/landed/main", ...oids } as const;
  await runner.end(merge, { kind: "landed", headOid: HEAD, proof, hint: null });
  expect((await offer("work", b)).spec.contains).toEqual([oids.mergeOid]);
  const { progress } = await stage.do("convoy.get", { convoy: convoy.id });
  expect(progress).toEqual({ total: 2, landed: 1, failed: 0 });
});

test("[B4] [SC-CONVOY-2] the join of a diamond waits for both of its arms", async () => {
  const tasks = [
    task("head"),
    task("left", "head"),
    task("right", "head"),
    task("join", "left", "right"),
  ];
  const { beads } = await stage.do("convoy.sling", { rig, title: "Diamond", tasks });
  const [head = "", left = "", right = "", join = ""] = beads.map(({ id }) => id);
  await land(head);
  await Promise.all([offer("work", left), offer("work", right)]);
  await land(left);
  expect(offersOf("work", join)).toEqual([]);
  await land(right);
  expect((await offer("work", join)).spec.contains).toHaveLength(2);
});

test("[B6] [SC-CONVOY-3] a convoy whose tasks people closed by hand has landed", async () => {
  const { convoy, beads } = await stage.do("convoy.sling", {
    ...{ rig, title: "Both", tasks: [task("a"), task("b", "a")], staged: true },
  });
  await stage.do("convoy.start", { convoy: convoy.id });
  for (const { id } of beads.toReversed())
    await stage.do("bead.close", { bead: id, outcome: "answered" });
  expect((await stage.do("convoy.get", { convoy: convoy.id })).convoy.state).toBe("landed");
});

test("[B11] [SC-DELETE-1] of a bead that is deleted nothing is left that would look for it", async () => {
  const on = await sling("First", { held: true });
  const bead = await sling("Sort", { held: true, dependsOn: [on] });
  await stage.do("mail.send", { to: bead, text: "Use tabs" });
  await stage.do("bead.delete", { bead });
  await stage.tick();
  const db = new Database(stage.databaseFile, { readonly: true });
  const left = Object.entries({
    timers: "subject",
    ready: "subject_id",
    issues: "bead_id",
    bead_dependencies: "bead_id",
    outbox: "subject",
    inbox: "run_id",
  }).flatMap(([table, column]) =>
    db.query(`select '${table}' as what from ${table} where ${column} = ?`).all(bead),
  );
  db.close();
  expect(left).toEqual([]);
  expect(await stage.do("mail.list", {})).toMatchObject([{ state: "expired" }]);
  expect(stage.errors).toEqual([]);
  await stage.do("bead.delete", { bead: on });
});

test.each([
  ["/srv/my.app.git", "my.app"],
  ["https://git.example/team/sub.group/my.app.git", "my.app"],
  ["https://git.example:8443/team/app/", "app"],
  ["ssh://git@git.example:2222/team/app.git", "app"],
  ["git@git.example:team/app.git", "app"],
  ["git@git.example:app", "app"],
  ["file:///srv/app", "app"],
  ["git://git.example/app.git", "app"],
])("[A4] [SC-REMOTE-3] %s is an address, and its rig is called %s", async (remote, name) => {
  expect(await stage.do("rig.add", { remote, target: "main" })).toMatchObject({ remote, name });
});

test("[C24] [SC-MODEL-1] each role has its own model, and without one the town's", async () => {
  const endpoint = {
    provider: "openai-compatible",
    baseUrl: "http://127.0.0.1:9",
    model: "m",
  } as const;
  await stage.do("model.set", { ...endpoint, roles: { polecat: "p", refinery: " ", mayor: null } });
  const bead = await sling("Sort");
  const work = await offer("work", bead);
  expect(work.spec.model).toMatchObject({ model: "p" });
  await runner.end(work, workDone);
  await runner.end(await offer("check", bead), green);
  expect((await offer("review", bead)).spec.model).toMatchObject({ model: "m" });
  await stage.do("mayor.say", { text: "hello" });
  expect((await stage.offered("session")).spec.model).toMatchObject({ model: "m" });
});

test("[B2] [SC-WIRE-2] beads are listed by rig, status, words and number", async () => {
  const other = await stage.do("rig.add", { remote: "/nowhere/other", target: "main" });
  const far = (await stage.do("bead.sling", { rig: other.id, title: "Apple", held: true })).id;
  const [near, done] = [
    await sling("Apple pie", { held: true }),
    await sling("Pear", { held: true }),
  ];
  await stage.do("bead.close", { bead: done, outcome: "answered" });
  const ids = async (body: object) => (await stage.do("bead.list", body)).map(({ id }) => id);
  expect(await ids({})).toEqual([done, near, far]);
  expect(await ids({ rig })).toEqual([done, near]);
  expect(await ids({ status: "open" })).toEqual([near, far]);
  expect(await ids({ text: "pie apple" })).toEqual([near]);
  expect(await ids({ limit: 1 })).toEqual([done]);
});
