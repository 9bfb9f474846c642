// Who is to blame when a run ends without its work: the bead, its rig, infrastructure, or nobody.
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { FactBody, Offer } from "../../../protocol/index.ts";
import { BASE, exit, HEAD, openStage, PlayedRunner, workDone, type Stage } from "./stage.ts";

const MOVED = "c".repeat(40);
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

async function begin(): Promise<{ bead: string; offer: Offer }> {
  const before = stage.port.offers.length;
  const bead = (await stage.do("bead.sling", { rig: rigId, title: "Sort" })).id;
  return { bead, offer: await stage.offered("work", before) };
}
const rig = async () => {
  const found = (await stage.do("rig.list", {})).find(({ id }) => id === rigId);
  if (!found) throw new Error("the rig is gone");
  return found;
};
const checked = (green: boolean): FactBody => ({
  kind: "checked",
  headOid: HEAD,
  green,
  gates: [
    { name: "t", command: "t", ok: green, code: 1, timedOut: false, durationMs: 1, log: "red" },
  ],
  conflicts: [],
  reason: null,
});
const baseline = (targetOid: string, green = true): FactBody => ({
  kind: "baseline",
  target: "main",
  targetOid,
  green,
  gates: green
    ? []
    : [{ name: "t", command: "t", ok: false, code: 1, timedOut: false, durationMs: 1, log: "" }],
  reason: null,
});

test("[D3] a target that has moved is looked at again, beside the work", async () => {
  const { offer } = await begin();
  const before = stage.port.offers.length;
  await runner.tell(offer.spec, { kind: "target_seen", oid: BASE });
  expect(stage.port.offers).toHaveLength(before);
  await runner.tell(offer.spec, { kind: "target_seen", oid: MOVED });
  const again = await stage.offered("baseline", before);
  expect((await rig()).state).toBe("ready");
  await runner.end(again, baseline(MOVED));
  expect((await rig()).baseline?.oid).toBe(MOVED);
  await runner.tell(offer.spec, { kind: "target_seen", oid: MOVED });
  expect(stage.port.offers).toHaveLength(before + 1);
});

test("[D3] red gates on a moved target blame its target when that is red, not the author", async () => {
  const { bead, offer } = await begin();
  const before = stage.port.offers.length;
  await runner.tell(offer.spec, { kind: "target_seen", oid: MOVED });
  const again = await stage.offered("baseline", before);
  await runner.end(offer, workDone);
  const check = await stage.offered("check", before);
  await runner.end(check, checked(false));
  expect((await stage.issue(bead)).status).toBe("in_review");
  await runner.end(again, baseline(MOVED, false));
  expect(await rig()).toMatchObject({ state: "parked", parked: { code: "baseline_red" } });
  expect(await stage.issue(bead)).toMatchObject({ status: "in_review", round: 1 });
});

test("[D3] gates that are changed while the baseline runs are judged by a baseline of their own", async () => {
  const before = stage.port.offers.length;
  await stage.do("rig.recheck", { rig: rigId });
  const old = await stage.offered("baseline", before);
  const gates = [{ name: "new", command: "true", timeoutMs: 1_000 }];
  await stage.do("rig.update", { rig: rigId, set: { gates } });
  await stage.until(() => stage.port.stops.find(({ runId }) => runId === old.spec.runId));
  const between = stage.port.offers.length;
  await runner.end(old, baseline(BASE));
  expect((await rig()).state).toBe("checking");
  const next = await stage.offered("baseline", between);
  expect("rig" in next.spec && next.spec.rig.gates).toEqual(gates);
  await runner.end(next, baseline(BASE));
  expect((await rig()).state).toBe("ready");
});

test("[C3] [SC-REMOTE-4] work that nobody may push costs one run, and goes on when a person has resumed it", async () => {
  const { bead, offer } = await begin();
  const before = stage.port.offers.length;
  await runner.tell(offer.spec, { kind: "started" }, exit("lost", "push_refused"));
  await stage.pass(3_600_000);
  await runner.hello({ spoolSeq: runner.seq });
  expect(stage.port.offers).toHaveLength(before);
  const parked = await stage.issue(bead);
  expect(parked.wait?.text).toContain("parked: ended: push_refused");
  expect(stage.escalations()).toEqual(["Parked: Sort"]);
  await stage.do("bead.resume", { bead });
  await stage.offered("work", before);
  expect(stage.escalations()).toEqual([]);
  expect(await stage.codeOf("bead.resume", { bead })).toBe("illegal_transition");
});

test("[C2] [SC-REMOTE-1] a repository that lets nobody in parks its rig after one run", async () => {
  const { bead, offer } = await begin();
  const before = stage.port.offers.length;
  await runner.tell(offer.spec, exit("rejected", "repository_auth"));
  expect(await rig()).toMatchObject({ state: "parked", parked: { code: "repository_auth" } });
  expect(await stage.issue(bead)).toMatchObject({ startFailures: 0, status: "open" });
  expect(stage.escalations()).toEqual(["Rig sample is parked"]);
  expect(stage.port.offers).toHaveLength(before);
});

test("[C24] fifty throttled runs cost a bead nothing of its life", async () => {
  const { bead, offer } = await begin();
  let last = offer;
  for (let n = 0; n < 50; n++) {
    const before = stage.port.offers.length;
    await runner.tell(last.spec, { kind: "started" }, exit("throttled", "throttled"));
    await stage.pass(3_600_000);
    await runner.hello({ spoolSeq: runner.seq });
    last = await stage.offered("work", before);
  }
  expect(await stage.issue(bead)).toMatchObject({ status: "in_progress", workAttempts: 0 });
});
