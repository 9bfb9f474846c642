// At the town. At the remote: tests/integration/git/landing-faults.test.ts. At the runner and its
// gateway: tests/integration/runner/session.test.ts, runner/agents/gateway.test.ts.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { FactBody, Fence } from "../../../protocol/index.ts";
import { openWholeTown, untilTopic, type WholeTown } from "../../support/whole-town.ts";
import { TestRunner, type Holder } from "./test-runner.ts";
import { savedFact } from "../../support/saved-fact.ts";

const OID = "a".repeat(40);
const exit: FactBody = { kind: "exit", outcome: "done", reason: null, exit: null };
const workDone = (summary: string): FactBody => ({
  kind: "work_done",
  headOid: "b".repeat(40),
  baseOid: OID,
  branch: "gastown/run/x/y",
  summary,
  noChangesReason: null,
  files: 1,
  additions: 1,
  deletions: 0,
});

async function joinTown(town: WholeTown, name: string): Promise<TestRunner> {
  const { token } = await town.client.call("token.create", {
    role: "runner",
    name,
    rights: ["model", "merge"],
  });
  return TestRunner.join(town.process.ready.url, token, name);
}

/** What a person sees of the bead and the run, and what is stored of the run's stream. */
async function seen(town: WholeTown, beadId: string, runId: string): Promise<string> {
  const { bead, runs, events } = await town.client.call("bead.get", { bead: beadId });
  const stream = await town.client.call("run.events", { run: runId });
  // A lease is renewed by time alone.
  const timeless = runs.map((run) => ({ ...run, leaseUntilAt: null }));
  return JSON.stringify({ bead, runs: timeless, events, stream });
}

test("[C6] a frame with an old fence, of an ended run or from another runner is refused by the town and changes nothing", async () => {
  await using town = await openWholeTown({
    args: ["--no-runner"],
    policy: { leaseTtlMs: 600_000 },
  });
  const [runner, thief] = [await joinTown(town, "first"), await joinTown(town, "thief")];
  await town.client.call("rig.add", { name: "rig", remote: join(town.dir, "far.git"), gates: [] });
  const holders = [runner, thief];
  const baseline = await Promise.race(
    holders.map(async (each) => ({ each, spec: await each.offered("baseline") })),
  );
  const green: FactBody = {
    kind: "baseline",
    target: "main",
    targetOid: OID,
    green: true,
    gates: [],
    reason: null,
  };
  await baseline.each.facts(baseline.spec, { kind: "started" }, green, exit);
  const { id } = await town.client.call("bead.sling", { rig: "rig", title: "Work" });

  const offered = () =>
    Promise.race(holders.map(async (each) => ({ each, spec: await each.offered("work") })));
  const first = await offered();
  await first.each.facts(first.spec, { kind: "started" });
  await town.client.call("run.stop", { run: first.spec.runId });
  await first.each.facts(first.spec, { ...exit, outcome: "stopped_by_person" });
  await untilTopic(town, `bead:${id}`, (state) =>
    state.all("run").find((run) => run.id === first.spec.runId && run.state === "ended"),
  );
  const second = await offered();
  await second.each.facts(second.spec, { kind: "started" });
  await untilTopic(town, `bead:${id}`, (state) =>
    state.all("run").find((run) => run.id === second.spec.runId && run.state === "running"),
  );
  expect(outranks(second.spec.fence, first.spec.fence)).toBe(true);

  const other = second.each === runner ? thief : runner;
  const stale: [TestRunner, Holder][] = [
    [second.each, { runId: second.spec.runId, fence: first.spec.fence }],
    [first.each, { runId: first.spec.runId, fence: first.spec.fence }],
    [other, { runId: second.spec.runId, fence: second.spec.fence }],
  ];
  const before = await seen(town, id, second.spec.runId);
  for (const [who, holder] of stale) {
    expect(await who.credential(holder)).toMatchObject({
      ok: false,
      error: { code: "stale_fence" },
    });
    expect(
      await who.tool(holder, "gt_escalate", { title: "t", body: "b", severity: "low" }),
    ).toMatchObject({ ok: false, error: { code: "stale_fence" } });
    expect(await who.heartbeat(holder)).toMatchObject({
      ok: true,
      value: { stop: [{ runId: holder.runId, fence: holder.fence }] },
    });
    // Facts are acknowledged, so that a spool empties; they have no effect.
    const body = { kind: "status", text: "forged" } as const;
    const events = [{ seq: 1, at: Date.now(), turnId: null, body }];
    if (holder.runId === second.spec.runId)
      expect(await who.facts(holder, { kind: "events", events })).toMatchObject({ ok: true });
    expect(
      await who.facts(holder, { kind: "bubble", text: "forged" }, workDone("forged"), exit),
    ).toMatchObject({ ok: true });
  }
  expect(await other.facts(second.spec, savedFact({ oid: OID, baseOid: OID }))).toMatchObject({
    ok: true,
  });
  expect(await seen(town, id, second.spec.runId)).toBe(before);
  expect((await town.client.call("town.status", {})).openEscalations).toBe(0);

  expect(await second.each.credential(second.spec)).toMatchObject({
    ok: true,
    value: { baseUrl: town.modelUrl },
  });
  await second.each.facts(second.spec, workDone("of the holder"), exit);
  await untilTopic(town, `bead:${id}`, (state) =>
    state.all("issue").find((issue) => issue.status === "in_review"),
  );
  for (const each of holders) each.leave();
}, 120_000);

function outranks(fence: Fence, other: Fence): boolean {
  return fence.epoch > other.epoch || (fence.epoch === other.epoch && fence.n > other.n);
}

test("[C6] work that waited for a runner is offered with its hello, at the first try", async () => {
  await using town = await openWholeTown({ args: ["--no-runner"] });
  await town.client.call("rig.add", { name: "rig", remote: join(town.dir, "far.git"), gates: [] });
  const runner = await joinTown(town, "late");
  const { runId } = await runner.offered("baseline");
  const db = new Database(join(town.dataDir, "town.db"), { readonly: true });
  const offers = db
    .query<{ attempts: number }, [string]>("select attempts from outbox where subject = ?")
    .all(runId);
  db.close();
  runner.leave();
  expect(offers).toEqual([{ attempts: 0 }]);
});
