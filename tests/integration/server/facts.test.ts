import { afterEach, beforeEach, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { encodeId, outcomeSchema, type FactBody, type Offer } from "../../../protocol/index.ts";
import { countsAs } from "../../../server/model/outcomes.ts";
import { BASE, exit, HEAD, openStage, PlayedRunner, workDone, type Stage } from "./stage.ts";
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

/** A bead whose run is accepted. */
async function begin(title = "Sort"): Promise<{ bead: string; offer: Offer }> {
  const before = stage.port.offers.length;
  const bead = (await stage.do("bead.sling", { rig: rigId, title })).id;
  const offer = await stage.offered("work", before);
  await stage.until(async () => ((await runOf(offer)).state === "accepted" ? true : undefined));
  return { bead, offer };
}
const runOf = (offer: Offer) => stage.do("run.get", { run: offer.spec.runId });
const saved = (oid: string) => savedFact({ oid, baseOid: BASE });

test("[C4] [SC-REVIEW-1] work that is done is checked, reviewed, merged, and closed by its proof", async () => {
  const { bead, offer } = await begin();
  await runner.end(offer, workDone);
  const check = await stage.offered("check");
  const green: FactBody = {
    kind: "checked",
    headOid: HEAD,
    green: true,
    gates: [],
    conflicts: [],
    reason: null,
  };
  await runner.end(check, green);
  const review = await stage.offered("review");
  await runner.end(review, {
    kind: "verdict",
    headOid: HEAD,
    verdict: "approve",
    summary: "fine",
    comments: [],
  });
  const merge = await stage.offered("merge");
  const proof = {
    method: "merge",
    ref: "refs/heads/gastown/landed/main",
    sourceOid: HEAD,
    mergeOid: "d".repeat(40),
    targetOid: BASE,
  } as const;
  expect(await stage.codeOf("bead.close", { bead, outcome: "cancelled" })).toBe("merge_in_flight");
  expect(await stage.codeOf("run.stop", { run: merge.spec.runId })).toBe("merge_in_flight");
  await runner.end(merge, { kind: "landed", headOid: HEAD, proof, hint: null });
  const landed = await stage.issue(bead);
  expect(landed).toMatchObject({ status: "closed", outcome: "landed", landedOid: proof.mergeOid });
  expect(await stage.codeOf("bead.reopen", { bead })).toBe("illegal_transition");
  expect((await stage.do("review.get", { review: landed.reviewId ?? "" })).proof).toEqual(proof);
});

test.each(outcomeSchema.options.filter((outcome) => outcome !== "done"))(
  "[C4] a work run that ends as %s has its consequence: the bead is open again, counted by the table",
  async (outcome) => {
    const { bead, offer } = await begin();
    await runner.tell(offer.spec, exit(outcome, "reason"));
    const after = await stage.issue(bead);
    const kind = countsAs(outcome, false, "reason");
    expect(after.workAttempts).toBe(kind === "work_attempt" ? 1 : 0);
    expect(after.startFailures).toBe(kind === "start_failure" ? 1 : 0);
    expect((await runOf(offer)).outcome).toBe(outcome);
    const events = (await stage.bead(bead)).events.map((event) => event.rule);
    expect(events).toContain("bead/recover-run");
  },
);

test("[C4] failed starts are forgiven at the first progress; then a crash is a work attempt", async () => {
  const { bead, offer } = await begin();
  const before = stage.port.offers.length;
  await runner.tell(offer.spec, exit("crashed", "oom"));
  expect((await stage.issue(bead)).startFailures).toBe(1);
  const next = await stage.offered("work", before);
  await runner.tell(
    next.spec,
    { kind: "started" },
    { kind: "progress", what: "tree" },
    exit("crashed", "oom"),
  );
  expect(await stage.issue(bead)).toMatchObject({ startFailures: 0, workAttempts: 1 });
});

test("[C4] a bead that used up its attempts fails with a reason and an escalation; reopening goes on", async () => {
  const { bead } = await begin();
  for (let attempt = 1; attempt <= 5; attempt++) {
    const offer = await stage.offered("work", stage.port.offers.length - 1);
    const before = stage.port.offers.length;
    await runner.tell(offer.spec, { kind: "progress", what: "tool" }, exit("no_result", "silent"));
    if (attempt < 5)
      await stage.until(() => (stage.port.offers.length > before ? true : undefined));
  }
  const failed = await stage.until(async () => {
    const issue = await stage.issue(bead);
    return issue.status === "failed" ? issue : undefined;
  });
  expect(failed.failure).toMatchObject({ code: "work_attempts", source: "bead/fail-exhausted" });
  expect(stage.escalations()).toEqual(["Failed: Sort"]);
  await stage.do("bead.reopen", { bead });
  expect(stage.escalations()).toEqual([]);
  expect((await stage.issue(bead)).workAttempts).toBe(5);
});

test("[C6] facts are applied once: what is below the high-water mark changes nothing", async () => {
  const { bead, offer } = await begin();
  const seq = runner.seq;
  expect(await runner.tell(offer.spec, { kind: "started" }, exit("crashed", "oom"))).toBe(seq + 2);
  const again = { runId: offer.spec.runId, fence: offer.spec.fence, at: 1 };
  expect(await runner.send([{ seq: seq + 2, ...again, body: exit("crashed", "oom") }])).toBe(
    seq + 2,
  );
  expect(await runner.send([{ seq: seq + 1, ...again, body: { kind: "started" } }])).toBe(seq + 2);
  expect((await stage.issue(bead)).startFailures).toBe(1);
});

test("[C6] a batch of another spool or another connection is refused", async () => {
  const { offer } = await begin();
  const fact = {
    seq: 99,
    runId: offer.spec.runId,
    fence: offer.spec.fence,
    at: 1,
    body: exit("lost"),
  };
  expect(await runner.send([fact], "another")).toBe("stale_epoch");
  runner.connection -= 1;
  expect(await runner.send([fact])).toBe("stale_connection");
  expect((await runOf(offer)).state).toBe("accepted");
});

test("[C6] what carries an old fence changes nothing, except that its saved work is kept", async () => {
  const { bead, offer } = await begin();
  const old = { runId: offer.spec.runId, fence: { epoch: offer.spec.fence.epoch, n: 99 } };
  await runner.tell(old, { kind: "started" }, workDone, exit("done"));
  expect((await runOf(offer)).state).toBe("accepted");
  await runner.tell(old, saved(HEAD));
  expect((await runOf(offer)).savedWork?.oid).toBe(HEAD);
  expect((await stage.issue(bead)).status).toBe("in_progress");
});

test("[C6] [SC-AGENT-7] the next run begins from what was saved, and late words of the old one do not replace it", async () => {
  const { offer } = await begin();
  const before = stage.port.offers.length;
  await runner.tell(offer.spec, saved("1".repeat(40)), exit("lost"));
  const next = await stage.offered("work", before);
  expect(next.spec.kind === "work" && next.spec.savedWork?.oid).toBe("1".repeat(40));
  expect(next.spec.fence.n).toBe(offer.spec.fence.n + 1);
  await runner.tell(next.spec, saved("2".repeat(40)));
  await runner.tell(offer.spec, saved("3".repeat(40)));
  expect((await runOf(offer)).savedWork?.oid).toBe("3".repeat(40));
  const last = stage.port.offers.length;
  await runner.tell(next.spec, exit("lost"));
  const third = await stage.offered("work", last);
  expect(third.spec.kind === "work" && third.spec.savedWork?.oid).toBe("2".repeat(40));
});

test("[C6] [SC-RECOVER-3] a run that ended is not revived by what it says later", async () => {
  const { bead, offer } = await begin();
  await runner.tell(offer.spec, exit("lost"));
  await runner.tell(offer.spec, workDone, exit("done"));
  expect((await runOf(offer)).outcome).toBe("lost");
  expect((await stage.issue(bead)).reviewId).toBeNull();
});

test("[C12] [SC-POISON-1] facts of an unknown run become dead letters with one escalation; the town goes on", async () => {
  const unknown = { runId: encodeId("run", new Uint8Array(16).fill(5)), fence: { epoch: 1, n: 1 } };
  await runner.tell(unknown, { kind: "started" }, { kind: "progress", what: "tool" }, exit("done"));
  const { offer } = await begin();
  await runner.tell(offer.spec, { kind: "started" });
  expect((await runOf(offer)).state).toBe("running");
  for (let tries = 0; tries < 9; tries++) await stage.tick();
  const db = new Database(stage.databaseFile, { readonly: true });
  const dead = db.query("select attempts from inbox where dead_at is not null").all();
  db.close();
  expect(dead).toEqual([{ attempts: 3 }, { attempts: 3 }, { attempts: 3 }]);
  expect(stage.escalations()).toEqual(["A runner's report could not be applied"]);
});

test("[F1] another runner's word about a run is not taken", async () => {
  const { bead, offer } = await begin();
  const stranger = new PlayedRunner(stage);
  await stranger.hello({ name: "stranger" });
  await stranger.tell(offer.spec, saved(HEAD), workDone, exit("done"));
  expect(await runOf(offer)).toMatchObject({ state: "accepted", savedWork: null });
  expect((await stage.issue(bead)).status).toBe("in_progress");
  const frame = {
    connection: stranger.connection,
    runId: offer.spec.runId,
    fence: offer.spec.fence,
  };
  const ack = await stage.core.credential(stranger.id, { ...frame, want: "model" });
  expect(ack.ok ? "ok" : ack.error.code).toBe("stale_fence");
});

test("[C4] [SC-AGENT-1] a person's stop is ordered once, counts as nothing, and a closed bead stops its run", async () => {
  const { bead, offer } = await begin();
  await stage.do("run.stop", { run: offer.spec.runId });
  await stage.do("run.stop", { run: offer.spec.runId });
  await stage.until(() => stage.port.stops[0]);
  await runner.tell(offer.spec, exit("crashed", "killed"));
  expect((await runOf(offer)).outcome).toBe("stopped_by_person");
  expect(stage.port.stops).toHaveLength(1);
  expect(await stage.issue(bead)).toMatchObject({
    status: "open",
    workAttempts: 0,
    startFailures: 0,
  });
  const other = await begin("Other");
  await stage.do("bead.close", { bead: other.bead, outcome: "cancelled" });
  const stop = await stage.until(() => stage.port.stops[1]);
  expect(stop).toMatchObject({ runId: other.offer.spec.runId, outcome: "stopped_by_town" });
});

test("[D4] a bead that is closed and reopened under its review gets a review of its own", async () => {
  const { bead, offer } = await begin();
  await runner.end(offer, workDone);
  const check = await stage.offered("check");
  const first = (await stage.issue(bead)).reviewId ?? "";
  await Promise.all([
    stage.do("bead.close", { bead, outcome: "cancelled" }),
    stage.do("bead.reopen", { bead }),
  ]);
  expect((await stage.do("review.get", { review: first })).state).toBe("withdrawn");
  const before = stage.port.offers.length;
  const red: FactBody = {
    kind: "checked",
    headOid: HEAD,
    green: false,
    gates: [],
    conflicts: ["a"],
    reason: null,
  };
  await runner.tell(check.spec, red, exit("done"));
  const next = await stage.offered("work", before);
  expect(next.spec.kind === "work" && next.spec.bead).toMatchObject({ cycle: 2, round: 1 });
  expect(stage.errors).toEqual([]);
});
