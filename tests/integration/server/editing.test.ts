// Beads as people edit them: commands on a real town, with a runner that the test plays.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { BASE, exit, HEAD, openStage, PlayedRunner, workDone, type Stage } from "./stage.ts";
import { savedFact } from "../../support/saved-fact.ts";

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

const sling = (title: string, more: object = {}) => stage.do("bead.sling", { rig, title, ...more });
const held = (title: string) => sling(title, { held: true });
const works = () => stage.port.offers.filter(({ spec }) => spec.kind === "work");

/** Brings a bead to its merge. */
async function toMerge(title = "Sort") {
  const bead = await sling(title);
  await runner.end(await stage.offered("work"), workDone);
  await runner.end(await stage.offered("check"), {
    kind: "checked",
    headOid: HEAD,
    green: true,
    gates: [],
    conflicts: [],
    reason: null,
  });
  await runner.end(await stage.offered("review"), {
    kind: "verdict",
    headOid: HEAD,
    verdict: "approve",
    summary: "fine",
    comments: [],
  });
  return { bead: bead.id, merge: await stage.offered("merge") };
}

const proof = {
  method: "merge",
  ref: "refs/heads/gastown/landed/main",
  sourceOid: HEAD,
  mergeOid: "d".repeat(40),
  targetOid: BASE,
} as const;

test("[B7] a bead is edited at the version that was seen, with one line of history", async () => {
  const bead = await held("Sort");
  const priority = "high" as const;
  const set = { title: "Sort well", priority, labels: ["ui"], body: "All of it" };
  const edited = await stage.do("bead.update", { bead: bead.id, version: bead.version, set });
  expect(edited).toMatchObject({ ...set, version: bead.version + 1 });
  const stale = { bead: bead.id, version: bead.version, set: { title: "x" } };
  expect(await stage.codeOf("bead.update", stale)).toBe("stale_version");
  expect(await stage.codeOf("bead.update", { bead: bead.id, set: {} })).toBe("invalid_body");
  expect(await stage.codeOf("bead.update", { bead: bead.id, set: { title: "" } })).toBe(
    "invalid_body",
  );
  const { events } = await stage.bead(bead.id);
  expect(events.at(-1)).toMatchObject({
    kind: "edited",
    actor: "person:owner",
    text: "changed: title, body, priority, labels",
  });
});

test("[B7] the place where a bead lands is chosen while it is open only", async () => {
  const bead = await sling("Sort");
  await stage.offered("work");
  const set = { delivery: "none" };
  expect(await stage.codeOf("bead.update", { bead: bead.id, set })).toBe("illegal_transition");
});

test("[B7] [SC-AGENT-2] an idle polecat that is wished for gets the bead; one of another rig cannot be", async () => {
  const first = await sling("One");
  await sling("Two");
  await stage.until(() => works()[1]);
  const names = works().map(({ spec }) => (spec.kind === "work" ? spec.agent : null));
  for (const offer of works()) await runner.end(offer, workDone);
  const bead = await held("Three");
  const second = names[1];
  await stage.do("bead.update", { bead: bead.id, set: { assignee: second?.name ?? "" } });
  const before = stage.port.offers.length;
  await stage.do("bead.release", { bead: bead.id });
  expect((await stage.offered("work", before)).spec.agent.id).toBe(second?.id ?? "");
  expect(await stage.codeOf("bead.update", { bead: first.id, set: { assignee: first.id } })).toBe(
    "not_found",
  );
});

test("[B10] a held bead is not dispatched before it is released", async () => {
  const bead = await held("Later");
  await stage.until(async () => (await stage.issue(bead.id)).wait ?? undefined);
  expect((await stage.issue(bead.id)).wait?.text).toContain("held");
  expect(works()).toEqual([]);
  await stage.do("bead.release", { bead: bead.id });
  expect((await stage.offered("work")).spec.bead.id).toBe(bead.id);
  expect((await stage.issue(bead.id)).held).toBe(false);
});

test("[B10] a bead that was held when it was closed is released when it is reopened", async () => {
  const { id } = await sling("Sort", { held: true });
  await stage.do("bead.cancel", { bead: id });
  const before = works().length;
  await stage.do("bead.reopen", { bead: id });
  expect((await stage.issue(id)).held).toBe(false);
  expect((await stage.offered("work", before)).spec.bead.id).toBe(id);
});

test("[B10] of a bead that is held in review nothing more is started", async () => {
  const bead = await sling("Sort");
  const work = await stage.offered("work");
  await stage.do("bead.hold", { bead: bead.id });
  await runner.end(work, workDone);
  const { reviewId } = await stage.issue(bead.id);
  const review = await stage.do("review.get", { review: reviewId ?? "" });
  expect(review.wait?.text).toContain("held");
  const before = stage.port.offers.length;
  await stage.do("bead.release", { bead: bead.id });
  await stage.offered("check", before);
});

test("[B7] cancelling stops the run with its work saved, and closes the bead after its end", async () => {
  const bead = await sling("Sort");
  const work = await stage.offered("work");
  const cancelled = await stage.do("bead.cancel", { bead: bead.id, reason: "not needed" });
  expect(cancelled).toMatchObject({ status: "in_progress", closing: { waitsFor: "run" } });
  expect(await stage.until(() => stage.port.stops[0])).toMatchObject({ runId: work.spec.runId });
  expect(await stage.codeOf("bead.cancel", { bead: bead.id })).toBe("illegal_transition");
  expect(await stage.codeOf("bead.delete", { bead: bead.id })).toBe("busy");
  await runner.tell(work.spec, savedFact({ oid: HEAD, baseOid: BASE }), exit("crashed", "stopped"));
  expect(await stage.issue(bead.id)).toMatchObject({
    status: "closed",
    outcome: "cancelled",
    closing: null,
    workAttempts: 0,
  });
  const { runs, events } = await stage.bead(bead.id);
  expect(runs[0]).toMatchObject({ outcome: "stopped_by_person", savedWork: { oid: HEAD } });
  expect(events.at(-1)).toMatchObject({ rule: "bead/apply-close" });
});

test("[B7] cancelling while a merge is under way is applied when it has settled", async () => {
  const { bead, merge } = await toMerge();
  const answer = await stage.do("bead.cancel", { bead });
  expect(answer.closing?.waitsFor).toBe("merge_in_flight");
  const red = { kind: "not_landed", headOid: HEAD, code: "gates_red", message: "red" } as const;
  await runner.end(merge, { ...red, gates: [], conflicts: [] });
  expect(await stage.issue(bead)).toMatchObject({ status: "closed", outcome: "cancelled" });
  const { reviews } = await stage.bead(bead);
  expect(reviews.map(({ state }) => state)).toEqual(["withdrawn"]);
});

test("[B7] what has landed while it was being cancelled stays landed", async () => {
  const { bead, merge } = await toMerge();
  await stage.do("bead.cancel", { bead });
  await runner.end(merge, { kind: "landed", headOid: HEAD, proof, hint: null });
  expect(await stage.issue(bead)).toMatchObject({ outcome: "landed", closing: null });
});

test("[D1] a bead whose merge was lost is closed when nothing can land any more", async () => {
  const { bead, merge } = await toMerge();
  await runner.tell(merge.spec, exit("crashed", "killed"));
  const before = stage.port.offers.length;
  const again = await stage.offered("merge", before - 1);
  expect(again.spec.purpose).toBe("land");
  await stage.do("bead.cancel", { bead });
  const offers = stage.port.offers.length;
  const last = stage.port.offers.at(-1) ?? merge;
  await runner.tell(last.spec, exit("crashed", "killed"));
  const withdrawal = await stage.until(() =>
    stage.port.offers
      .slice(offers)
      .find(({ spec }) => spec.kind === "merge" && spec.purpose === "withdraw"),
  );
  expect(await stage.codeOf("bead.delete", { bead })).toBe("busy");
  const nothing = { kind: "not_landed", headOid: HEAD, code: "withdrawn", message: "no" } as const;
  await runner.end(withdrawal, { ...nothing, gates: [], conflicts: [] });
  expect(await stage.issue(bead)).toMatchObject({ status: "closed", outcome: "cancelled" });
});

test("[D1] what a lost merge has landed stays landed, whatever was wished", async () => {
  const { bead, merge } = await toMerge();
  await stage.do("bead.cancel", { bead });
  await runner.tell(merge.spec, exit("crashed", "killed"));
  const withdrawal = await stage.until(() =>
    stage.port.offers.find(({ spec }) => spec.kind === "merge" && spec.purpose === "withdraw"),
  );
  await runner.end(withdrawal, { kind: "landed", headOid: HEAD, proof, hint: null });
  expect(await stage.issue(bead)).toMatchObject({ outcome: "landed", closing: null });
});

test("[B7] a bead is deleted only when nothing depends on it and nothing landed; a tombstone stays", async () => {
  const [a, b] = [await held("A"), await held("B")];
  await stage.do("bead.depend", { bead: b.id, on: a.id });
  expect(await stage.codeOf("bead.delete", { bead: a.id })).toBe("illegal_transition");
  expect(await stage.do("bead.delete", { bead: b.id })).toEqual({ id: b.id });
  expect(await stage.codeOf("bead.delete", { bead: a.id })).toBe("ok");
  const gone = await stage.call("bead.get", { bead: b.id });
  expect(gone.ok ? "" : gone.error.message).toContain("was deleted by person:owner");
  const { bead, merge } = await toMerge();
  await runner.end(merge, { kind: "landed", headOid: HEAD, proof, hint: null });
  expect(await stage.codeOf("bead.delete", { bead })).toBe("illegal_transition");
});

test("[B7] [review/withdraw] the review of a bead that is deleted before its rework is withdrawn at once", async () => {
  const { bead, merge } = await toMerge();
  await stage.do("bead.hold", { bead });
  const conflict = { kind: "not_landed", headOid: HEAD, code: "conflict", message: "no" } as const;
  await runner.end(merge, { ...conflict, gates: [], conflicts: ["src/a.ts"] });
  const { reviewId } = await stage.issue(bead);
  await stage.do("bead.delete", { bead });
  const review = await stage.do("review.get", { review: reviewId ?? "" });
  expect(review.state).toBe("withdrawn");
});

test("[B11] archived beads are hidden, found on request, and come back; many at once", async () => {
  const [a, b, c] = [await held("Apple"), await held("Banana"), await held("Cherry 100%")];
  for (const { id } of [a, b]) await stage.do("bead.close", { bead: id, outcome: "answered" });
  expect(await stage.do("bead.archive", {})).toEqual({ archived: [a.id, b.id], more: false });
  const titles = async (body: object) =>
    (await stage.do("bead.list", body)).map(({ title }) => title);
  expect(await titles({})).toEqual(["Cherry 100%"]);
  expect(await titles({ archived: true, text: "apple" })).toEqual(["Apple"]);
  expect(await titles({ archived: true, text: "100%" })).toEqual(["Cherry 100%"]);
  const board = stage.core.topic("board");
  expect(board.ok && board.value.items.map(({ id }) => id)).toEqual([c.id]);
  await stage.do("bead.unarchive", { beads: [a.id] });
  expect(await titles({})).toEqual(["Cherry 100%", "Apple"]);
});

test("[B11] what is at work is not archived, and then nothing of the command is", async () => {
  const rest = await held("Rest");
  const bead = await sling("Sort");
  await stage.offered("work");
  expect(await stage.codeOf("bead.archive", { beads: [rest.id, bead.id] })).toBe(
    "illegal_transition",
  );
  expect((await stage.issue(rest.id)).archivedAt).toBeNull();
});

test("[B4] setting all dependencies refuses a circle and changes nothing then", async () => {
  const [a, b, c] = [await held("A"), await held("B"), await held("C")];
  await stage.do("bead.rewire", { bead: b.id, dependsOn: [a.id, c.id] });
  expect((await stage.issue(b.id)).blockedBy.toSorted()).toEqual([a.id, c.id].toSorted());
  await stage.do("bead.rewire", { bead: b.id, dependsOn: [a.id] });
  expect((await stage.issue(b.id)).blockedBy).toEqual([a.id]);
  expect(await stage.codeOf("bead.rewire", { bead: a.id, dependsOn: [c.id, b.id] })).toBe(
    "cyclic_dependency",
  );
  expect((await stage.issue(a.id)).blockedBy).toEqual([]);
  expect(await stage.codeOf("bead.rewire", { bead: a.id, dependsOn: [a.id] })).toBe(
    "cyclic_dependency",
  );
});

test("[B7] a comment is a line of history that touches nothing", async () => {
  const bead = await held("Sort");
  await stage.do("bead.comment", { bead: bead.id, text: "Ask the users first" });
  const { events } = await stage.bead(bead.id);
  expect(events.at(-1)).toMatchObject({ kind: "comment", text: "Ask the users first" });
  expect((await stage.issue(bead.id)).version).toBe(bead.version);
  expect(await stage.codeOf("bead.comment", { bead: bead.id, text: " " })).toBe("invalid_body");
});

test("[B9] an agent that is reset leaves its run; the bead goes on with another run", async () => {
  const bead = await sling("Sort");
  const work = await stage.offered("work");
  await stage.do("agent.reset", { agent: work.spec.agent.id });
  await stage.until(() => stage.port.stops[0]);
  await runner.tell(work.spec, exit("crashed"));
  expect(await stage.issue(bead.id)).toMatchObject({ status: "open", workAttempts: 0 });
  const agents = await stage.do("agent.list", {});
  const polecats = agents.filter(({ role }) => role === "polecat");
  expect(polecats.map(({ state, bubble }) => [state, bubble])).toEqual([["idle", null]]);
  expect(await stage.codeOf("agent.reset", { agent: bead.id })).toBe("not_found");
});

const accept = { name: "accept", command: "test -f done.txt", timeoutMs: 5_000 };
const gateNames = ({ spec }: { spec: { kind: string } }) =>
  "rig" in spec ? (spec.rig as { gates: { name: string }[] }).gates.map(({ name }) => name) : [];

test("[B18] acceptance checks are gates of every run of the bead; red ones go back with their output", async () => {
  const start = stage.port.offers.length;
  await stage.do("rig.update", { rig, set: { gates: [{ name: "unit", command: "true" }] } });
  const baseline = await stage.offered("baseline", start);
  expect(gateNames(baseline)).toEqual(["unit"]);
  const green = { target: "main", targetOid: BASE, green: true, gates: [], reason: null };
  await runner.end(baseline, { kind: "baseline", ...green });
  const bead = await sling("Sort", { checks: [accept] });
  const work = await stage.offered("work");
  expect(gateNames(work)).toEqual(["unit", "accept"]);
  await runner.end(work, workDone);
  const check = await stage.offered("check");
  expect(gateNames(check)).toEqual(["unit", "accept"]);
  const red = { ok: false, code: 1, timedOut: false, durationMs: 1, log: "no such file" };
  const gates = [{ name: accept.name, command: accept.command, ...red }];
  const told = { headOid: HEAD, green: false, gates, conflicts: [], reason: null };
  const before = stage.port.offers.length;
  await runner.end(check, { kind: "checked", ...told });
  const again = await stage.offered("work", before);
  expect(again.spec.bead.feedback).toMatchObject({
    source: "gates",
    text: expect.stringContaining("no such file"),
  });
  const { reviews } = await stage.bead(bead.id);
  expect(reviews[0]?.rounds[0]?.gates).toMatchObject([{ name: "accept", ok: false }]);
});

test("[B18] only people set acceptance checks, and a merge runs those that are set then", async () => {
  const { merge } = await toMerge("First");
  expect(gateNames(merge)).toEqual([]);
  const bead = await held("Second");
  await stage.do("bead.update", { bead: bead.id, set: { checks: [accept] } });
  expect((await stage.issue(bead.id)).checks).toEqual([accept]);
  const many = Array.from({ length: 11 }, () => accept);
  expect(await stage.codeOf("bead.update", { bead: bead.id, set: { checks: many } })).toBe(
    "invalid_body",
  );
});
