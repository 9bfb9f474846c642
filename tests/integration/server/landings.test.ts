// Landings that do not go as planned: cut off, refused, returned, or overtaken by what people do meanwhile.
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { CommandInput, FactBody, FactOf, Offer, RunSpec } from "../../../protocol/index.ts";
import { exit, HEAD, openStage, PlayedRunner, workDone, type Stage } from "./stage.ts";
import { savedFact } from "../../support/saved-fact.ts";

let stage: Stage;
let runner: PlayedRunner;
let rig: string;
beforeEach(async () => {
  stage = await openStage({ workAttemptsMax: 1 });
  runner = new PlayedRunner(stage);
  await runner.hello();
  rig = await stage.readyRig(runner);
});
afterEach(() => stage[Symbol.asyncDispose]());

const TARGET = "refs/heads/gastown/landed/main";
const nothingToDo = { ...workDone, noChangesReason: "it is there already" };
const noResult: FactBody[] = [
  { kind: "started" },
  { kind: "progress", what: "tool" },
  exit("no_result"),
];
const notLanded = (code: FactOf<"not_landed">["code"]): FactBody => ({
  ...{ kind: "not_landed", headOid: HEAD, code, message: code, gates: [], conflicts: [] },
});
type Tasks = CommandInput<"convoy.sling">["tasks"];
const task = (key: string, ...dependsOn: string[]): Tasks[number] => ({
  key,
  title: key,
  dependsOn,
});

const ofKind =
  <K extends RunSpec["kind"]>(kind: K, bead: string) =>
  (offer: Offer): offer is Offer & { spec: { kind: K } } =>
    offer.spec.kind === kind && "bead" in offer.spec && offer.spec.bead.id === bead;
const given = <K extends RunSpec["kind"]>(kind: K, bead: string) =>
  stage.port.offers.filter(ofKind(kind, bead));
/** The n-th offer of the kind for the bead, from 0, once it is there. */
const nth = <K extends RunSpec["kind"]>(kind: K, bead: string, n = 0) =>
  stage.until(() => given(kind, bead)[n]);
const shown = (convoy: string) => stage.do("convoy.get", { convoy });
const landingOf = (convoy: string, n = 0) =>
  stage.until(async () => (await shown(convoy)).beads.filter(({ landing }) => landing)[n]);

async function convoyOf(tasks: Tasks, change: Partial<CommandInput<"convoy.sling">> = {}) {
  const { convoy, beads } = await stage.do("convoy.sling", {
    ...{ rig, title: "All", tasks, parallel: true, mode: "review-then-land", ...change },
  });
  const ids = beads.map(({ id }) => id);
  return { convoy: convoy.id, branch: `refs/heads/${convoy.branch}`, ids };
}
async function green(bead: string, n = 0, reviewed = true): Promise<string> {
  const check = await nth("check", bead, n);
  const { headOid } = check.spec;
  const fine = { green: true, gates: [], conflicts: [], reason: null };
  await runner.end(check, { kind: "checked", headOid, ...fine });
  const verdict = { verdict: "approve" as const, summary: "fine", comments: [] };
  if (reviewed)
    await runner.end(await nth("review", bead, n), { kind: "verdict", headOid, ...verdict });
  return headOid;
}
async function returned(bead: string, n = 0): Promise<void> {
  const check = await nth("check", bead, n);
  const conflict = { green: false, gates: [], conflicts: ["src/a.ts"], reason: null };
  await runner.end(check, { kind: "checked", headOid: check.spec.headOid, ...conflict });
}
let merges = 0;
function landed(headOid: string, ref: string): FactOf<"landed"> {
  const mergeOid = `${++merges}`.padStart(40, "e");
  const oids = { sourceOid: headOid, mergeOid, targetOid: mergeOid };
  return { kind: "landed", headOid, hint: null, proof: { method: "merge", ref, ...oids } };
}
async function land(bead: string, ref: string): Promise<void> {
  await runner.end(await nth("work", bead), workDone);
  const headOid = await green(bead);
  await runner.end(await nth("merge", bead), landed(headOid, ref));
}
/** Its first merge is cut off and its second one refused: a person is asked, and a merge may still land. */
async function cutOff(bead: string): Promise<string> {
  await runner.end(await nth("work", bead), workDone);
  await green(bead);
  await runner.tell((await nth("merge", bead)).spec, { kind: "started" }, exit("crashed"));
  await stage.pass(10_000);
  await stage.tick();
  await runner.end(await nth("merge", bead, 1), notLanded("refused"));
  return (await stage.issue(bead)).reviewId ?? "";
}
const sendBack = (review: string) =>
  stage.do("review.decide", { review, verdict: "request_changes", feedback: "again" });

test("[D6] all beads of a convoy with its own branch land in one place, whatever is changed meanwhile", async () => {
  const { convoy, ids, branch } = await convoyOf([task("a"), task("b")], { staged: true });
  const [a = "", b = ""] = ids;
  const set = { delivery: "none" as const };
  expect(await stage.codeOf("bead.update", { bead: a, set })).toBe("illegal_transition");
  await stage.do("rig.update", { rig, set });
  await stage.do("convoy.start", { convoy });
  await land(a, branch);
  await land(b, branch);
  const landing = await landingOf(convoy);
  await green(landing.id, 0, false);
  const all = [a, b, landing.id];
  const ways = await Promise.all(
    all.map(async (id) => (await nth("merge", id)).spec.bead.delivery),
  );
  expect(ways).toEqual(["branch", "branch", "branch"]);
});

test("[D1] [D6] while a merge that was cut off may land, nothing moves the place where it would", async () => {
  const { convoy, ids } = await convoyOf([task("a"), task("b")]);
  const [a = ""] = ids;
  const review = await cutOff(a);
  await stage.do("bead.hold", { bead: a });
  await sendBack(review);
  for (const [name, body] of [
    ["convoy.remove", { convoy, bead: a }],
    ["rig.update", { rig, set: { target: "next" } }],
    ["rig.update", { rig, set: { delivery: "none" } }],
  ] as const)
    expect([name, await stage.codeOf(name, body)]).toEqual([name, "busy"]);
  await stage.do("bead.cancel", { bead: a });
  const withdrawal = await nth("merge", a, 2);
  expect(withdrawal.spec).toMatchObject({
    purpose: "withdraw",
    resource: given("merge", a)[0]?.spec.resource,
  });
  await runner.end(withdrawal, notLanded("withdrawn"));
  expect(await stage.codeOf("rig.update", { rig, set: { target: "next" } })).toBe("ok");
});

test("[D1] what makes sure that nothing lands is tried again with growing pauses when it is refused", async () => {
  const { id } = await stage.do("bead.sling", { rig, title: "x" });
  await cutOff(id);
  await stage.do("bead.cancel", { bead: id });
  await runner.end(await nth("merge", id, 2), notLanded("refused"));
  await stage.tick();
  expect(given("merge", id)).toHaveLength(3);
  expect((await stage.issue(id)).closing?.waitsFor).toBe("lane");
  await stage.pass(60_000);
  await stage.tick();
  await runner.end(await nth("merge", id, 3), notLanded("withdrawn"));
  expect(await stage.issue(id)).toMatchObject({ status: "closed", outcome: "cancelled" });
});

/** Its last try is used up while a lost merge of it may land. */
async function usedUp(): Promise<{ id: string; withdrawal: Offer }> {
  const { id } = await stage.do("bead.sling", { rig, title: "x" });
  await sendBack(await cutOff(id));
  await runner.tell((await nth("work", id, 1)).spec, ...noResult);
  expect((await stage.issue(id)).status).toBe("open");
  const withdrawal = await nth("merge", id, 2);
  expect(withdrawal.spec.purpose).toBe("withdraw");
  return { id, withdrawal };
}

test("[bead/fail-exhausted] [D1] a bead fails only when no lost merge of it may land any more", async () => {
  const { id, withdrawal } = await usedUp();
  await runner.end(withdrawal, notLanded("withdrawn"));
  expect((await stage.issue(id)).status).toBe("failed");
});

test("[bead/fail-exhausted] [D1] a bead whose lost merge has landed has landed, and does not fail", async () => {
  const { id, withdrawal } = await usedUp();
  await runner.end(withdrawal, landed(HEAD, TARGET));
  expect(await stage.issue(id)).toMatchObject({ status: "closed", outcome: "landed" });
});

test("[review/settle-merge] [D1] what was returned does not land because tries were granted while it was withdrawn", async () => {
  const { id, withdrawal } = await usedUp();
  await stage.do("settings.set", { key: "workAttemptsMax", value: 3 });
  await stage.tick();
  // Nobody begins while it is not known what has landed.
  expect(given("work", id)).toHaveLength(2);
  await runner.end(withdrawal, notLanded("withdrawn"));
  await nth("work", id, 2);
  expect(given("merge", id)).toHaveLength(3);
  expect((await stage.issue(id)).status).toBe("in_progress");
});

test("[D6] [B6] what an agent adds to a landing that was opened again is seen by the refinery", async () => {
  const { convoy, ids, branch } = await convoyOf([task("a")]);
  await land(ids[0] ?? "", branch);
  const { id } = await landingOf(convoy);
  await returned(id);
  await runner.tell((await nth("work", id)).spec, ...noResult);
  await stage.do("convoy.decide", { convoy, bead: id, choice: "retry" });
  await runner.end(await nth("work", id, 1), workDone);
  await green(id, 1, false);
  expect((await nth("review", id)).spec.headOid).toBe(HEAD);
  expect(given("merge", id)).toEqual([]);
});

test("[D6] a landing and its rework are told all that lies on the convoy's branch, whatever was saved since", async () => {
  const { convoy, ids, branch } = await convoyOf([task("a"), task("b")]);
  const [a = "", b = ""] = ids;
  await land(a, branch);
  await land(b, branch);
  const merged = [a, b].map(async (bead) => (await stage.issue(bead)).landedOid ?? "");
  const carries = await Promise.all(merged);
  const { id } = await landingOf(convoy);
  await returned(id);
  const work = await nth("work", id);
  const saved = savedFact({ oid: "c".repeat(40), baseOid: HEAD });
  await runner.tell(work.spec, { kind: "started" }, saved);
  await runner.tell(work.spec, exit("evicted"));
  await stage.pass(10_000);
  await stage.tick();
  const again = await nth("work", id, 1);
  for (const { spec } of [work, again])
    expect(spec.carries).toEqual([...carries, carries[1] ?? ""]);
  await runner.end(again, workDone);
  await green(id, 1, false);
  const verdict = { verdict: "approve" as const, summary: "fine", comments: [] };
  await runner.end(await nth("review", id), { kind: "verdict", headOid: HEAD, ...verdict });
  expect((await nth("merge", id)).spec.carries).toEqual(again.spec.carries);
});

test("[B6] a bead is not left out of its convoy while it is being merged", async () => {
  const { convoy, ids } = await convoyOf([task("a"), task("x"), task("c", "x")]);
  const [, x = "", c = ""] = ids;
  await runner.end(await nth("work", x), nothingToDo);
  await runner.end(await nth("work", c), workDone);
  await green(c);
  await nth("merge", c);
  await stage.do("bead.reopen", { bead: x });
  await runner.tell((await nth("work", x, 1)).spec, ...noResult);
  const without = { convoy, bead: x, choice: "land_without" };
  expect(await stage.codeOf("convoy.decide", without)).toBe("merge_in_flight");
  expect((await stage.issue(c)).convoyId).toBe(convoy);
});

test("[B6] [convoy/fail] a landing that brings nothing is opened once: a person is asked about its branch", async () => {
  const { convoy, ids, branch } = await convoyOf([task("a")]);
  await land(ids[0] ?? "", branch);
  const { id } = await landingOf(convoy);
  await returned(id);
  await runner.end(await nth("work", id), nothingToDo);
  const after = await shown(convoy);
  expect(after.convoy.state).toBe("failed");
  expect(after.convoy.failure?.message).toContain("1 are kept on gastown/convoy/");
  expect(after.beads.filter(({ landing }) => landing)).toHaveLength(1);
  expect(stage.escalations()).toContain("Not landed: All");
});

test("[B6] [convoy/fail] what has landed before is not said to be kept on a branch", async () => {
  const { convoy, ids, branch } = await convoyOf([task("a"), task("z")]);
  const [a = "", z = ""] = ids;
  await runner.end(await nth("work", z), nothingToDo);
  await land(a, branch);
  const { id } = await landingOf(convoy);
  await green(id, 0, false);
  const merge = await nth("merge", id);
  await runner.end(merge, landed(merge.spec.headOid, TARGET));
  expect((await shown(convoy)).convoy.state).toBe("landed");
  await stage.do("bead.reopen", { bead: z });
  const again = await nth("work", z, 1);
  await stage.do("bead.cancel", { bead: z });
  await runner.tell(again.spec, exit("stopped_by_person"));
  const { failure } = (await shown(convoy)).convoy;
  expect(failure?.message).toContain("the others have landed");
  expect(stage.escalations()).toEqual([]);
});

test("[B7] a convoy is not cancelled while a bead goes to its branch: what lies there is told", async () => {
  const { convoy, ids, branch } = await convoyOf([task("a"), task("b")]);
  const [a = ""] = ids;
  await runner.end(await nth("work", a), workDone);
  const headOid = await green(a);
  const merge = await nth("merge", a);
  expect(await stage.codeOf("convoy.cancel", { convoy })).toBe("merge_in_flight");
  await runner.end(merge, landed(headOid, branch));
  await stage.do("convoy.cancel", { convoy });
  expect(stage.escalations()).toEqual(["Not landed: All"]);
});

test("[B7] nobody is asked about a cancelled convoy whose landing, cut off before, has landed", async () => {
  const { convoy, ids, branch } = await convoyOf([task("a")]);
  await land(ids[0] ?? "", branch);
  const { id } = await landingOf(convoy);
  const headOid = await green(id, 0, false);
  await runner.tell((await nth("merge", id)).spec, { kind: "started" }, exit("crashed"));
  await stage.do("convoy.cancel", { convoy });
  expect(stage.escalations()).toEqual(["Not landed: All"]);
  await stage.pass(10_000);
  await stage.tick();
  await runner.end(await nth("merge", id, 1), landed(headOid, TARGET));
  expect((await shown(convoy)).notLanded).toEqual([]);
  expect(stage.escalations()).toEqual([]);
});

test("[B7] a person is asked about what a merge, cut off before, brings to the branch of a cancelled convoy", async () => {
  const { convoy, ids, branch } = await convoyOf([task("a"), task("b")]);
  const [a = ""] = ids;
  await runner.end(await nth("work", a), workDone);
  const headOid = await green(a);
  await runner.tell((await nth("merge", a)).spec, { kind: "started" }, exit("crashed"));
  await stage.do("convoy.cancel", { convoy });
  expect(stage.escalations()).toEqual([]);
  await stage.pass(10_000);
  await stage.tick();
  await runner.end(await nth("merge", a, 1), landed(headOid, branch));
  expect((await shown(convoy)).notLanded).toContain(a);
  expect(stage.escalations()).toEqual(["Not landed: All"]);
});

test("[B6] [convoy/begin-landing] a failed convoy goes on without a bead that is deleted", async () => {
  const { convoy, ids, branch } = await convoyOf([task("a"), task("b", "a")]);
  const [a = "", b = ""] = ids;
  await land(a, branch);
  await stage.do("bead.cancel", { bead: b });
  await runner.tell((await nth("work", b)).spec, exit("stopped_by_person"));
  expect((await shown(convoy)).convoy.state).toBe("failed");
  await stage.do("bead.delete", { bead: b });
  expect(await landingOf(convoy)).toMatchObject({ status: "in_review" });
  expect((await shown(convoy)).convoy.state).toBe("landing");
  expect(stage.escalations()).toEqual([]);
});

test("[B6] [escalation/resolve-over] a convoy that fails once more at once is asked about still", async () => {
  const { convoy, ids, branch } = await convoyOf([task("a"), task("b"), task("c")]);
  const [a = "", b = "", c = ""] = ids;
  await land(a, branch);
  for (const id of [b, c]) {
    await stage.do("bead.cancel", { bead: id });
    await runner.tell((await nth("work", id)).spec, exit("stopped_by_person"));
  }
  expect((await shown(convoy)).convoy.state).toBe("failed");
  expect(stage.escalations()).toEqual(["Not landed: All"]);
  await stage.do("bead.delete", { bead: b });
  expect((await shown(convoy)).convoy.state).toBe("failed");
  expect(stage.escalations()).toEqual(["Not landed: All"]);
});

test("[B6] the landing of a convoy is not deleted, so that it is not opened once more", async () => {
  const { convoy, ids, branch } = await convoyOf([task("a")]);
  await land(ids[0] ?? "", branch);
  const { id } = await landingOf(convoy);
  await stage.do("bead.cancel", { bead: id });
  await runner.tell((await nth("check", id)).spec, exit("stopped_by_person"));
  expect((await shown(convoy)).convoy.state).toBe("failed");
  expect(await stage.codeOf("bead.delete", { bead: id })).toBe("illegal_transition");
});

test("[D1] [D6] while a merge is under way nothing moves the place where it lands", async () => {
  const { id } = await stage.do("bead.sling", { rig, title: "x" });
  await runner.end(await nth("work", id), workDone);
  await green(id);
  const merge = await nth("merge", id);
  const change = { rig, set: { delivery: "merge" as const } };
  expect(await stage.codeOf("rig.update", change)).toBe("busy");
  await runner.end(merge, landed(HEAD, TARGET));
  expect(await stage.codeOf("rig.update", change)).toBe("ok");
});

test("[B7] the landing itself is not taken out of its convoy", async () => {
  const { convoy, ids, branch } = await convoyOf([task("a"), task("z")]);
  const [a = "", z = ""] = ids;
  await runner.end(await nth("work", z), nothingToDo);
  await land(a, branch);
  const { id } = await landingOf(convoy);
  await stage.do("bead.hold", { bead: id });
  await returned(id);
  await stage.do("bead.reopen", { bead: z });
  expect(await stage.codeOf("convoy.remove", { convoy, bead: id })).toBe("illegal_transition");
});

test("[D13] [F5] a convoy goes on where it was when its rig is taken back from the trash", async () => {
  const { convoy, ids, branch } = await convoyOf([task("a"), task("b")]);
  const [a = "", b = ""] = ids;
  await land(a, branch);
  await runner.tell((await nth("work", b)).spec, ...noResult);
  await stage.do("rig.remove", { rig });
  await stage.until(async () => (await stage.do("trash.list", {})).length === 1 || undefined);
  expect(await stage.codeOf("convoy.get", { convoy: convoy })).toBe("not_found");
  expect(await stage.do("convoy.list", {})).toEqual([]);
  await stage.do("rig.restore", { rig });
  const again = await stage.do("convoy.get", { convoy });
  expect(again).toMatchObject({ convoy: { state: "active" }, progress: { total: 2, landed: 1 } });
});
