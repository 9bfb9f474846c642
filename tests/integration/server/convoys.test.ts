// Convoys as people plan, start, change and end them, with a runner that the test plays.
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Offer } from "../../../protocol/index.ts";
import { exit, HEAD, openStage, PlayedRunner, workDone, type Stage } from "./stage.ts";

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

const task = (key: string, ...dependsOn: string[]) => ({ key, title: key, dependsOn });
/** a, then b and c, then d. */
const diamond = [task("a"), task("b", "a"), task("c", "a"), task("d", "b", "c")];
async function sling(staged: boolean, tasks = diamond) {
  const { convoy, beads } = await stage.do("convoy.sling", { rig, title: "All", tasks, staged });
  const ids = Object.fromEntries(beads.map((bead) => [bead.title, bead.id]));
  return { convoy: convoy.id, id: (name: string) => ids[name] ?? "" };
}
const shown = (convoy: string) => stage.do("convoy.get", { convoy });
const works = () => stage.port.offers.filter(({ spec }) => spec.kind === "work");

test("[B5] [SC-CONVOY-5] a staged convoy is a plan: waves and overlaps, and nothing is dispatched before its start", async () => {
  const tasks = [
    { ...task("a"), body: "In src/list.ts" },
    { ...task("b"), body: "Also in src/list.ts" },
    task("c", "a", "b"),
  ];
  const { convoy, id } = await sling(true, tasks);
  const plan = await shown(convoy);
  expect(plan.convoy).toMatchObject({ state: "staged", status: "open" });
  expect(plan.waves).toEqual([[id("a"), id("b")], [id("c")]]);
  expect(plan.overlaps).toEqual([{ beads: [id("a"), id("b")], files: ["src/list.ts"] }]);
  expect((await stage.issue(id("a"))).wait?.text).toContain("staged");
  expect(works()).toEqual([]);
  await stage.do("convoy.start", { convoy, version: plan.convoy.version });
  await stage.until(() => works()[1]);
  expect(await stage.codeOf("convoy.start", { convoy })).toBe("illegal_transition");
});

test("[B5] [SC-CONVOY-10] a staged convoy is edited: beads added and taken out, edges set, a circle refused", async () => {
  const { convoy, id } = await sling(true);
  const added = await stage.do("convoy.add", { convoy, title: "e", dependsOn: [id("d")] });
  expect((await shown(convoy)).waves).toHaveLength(4);
  expect(await stage.codeOf("bead.rewire", { bead: id("a"), dependsOn: [added.id] })).toBe(
    "cyclic_dependency",
  );
  const out = await stage.do("convoy.remove", { convoy, bead: id("d") });
  expect(out).toMatchObject({ held: true, convoyId: null, blockedBy: [] });
  const after = await shown(convoy);
  expect(after.beads.map(({ title }) => title)).toEqual(["a", "b", "c", "e"]);
  expect(after.waves).toEqual([
    [id("a"), added.id],
    [id("b"), id("c")],
  ]);
  expect(await stage.codeOf("convoy.remove", { convoy, bead: id("d") })).toBe("not_found");
  await stage.do("convoy.update", { convoy, set: { title: "Renamed" } });
  const stale = { convoy, version: after.convoy.version };
  expect(await stage.codeOf("convoy.start", stale)).toBe("stale_version");
});

test("[B7] a bead at work is not taken out of its convoy", async () => {
  const { convoy, id } = await sling(false);
  await stage.offered("work");
  expect(await stage.codeOf("convoy.remove", { convoy, bead: id("a") })).toBe("illegal_transition");
});

/** A convoy whose bead `a` has failed. */
async function failed() {
  const made = await sling(false);
  await runner.tell((await stage.offered("work")).spec, exit("no_result"));
  const { convoy } = await shown(made.convoy);
  expect(convoy).toMatchObject({ state: "active", question: { beads: [made.id("a")] } });
  expect(stage.escalations()).toEqual(["Failed: a"]);
  return made;
}

test("[B6] [SC-CONVOY-8] a failed bead is a question, and retry opens it again", async () => {
  const { convoy, id } = await failed();
  const before = stage.port.offers.length;
  const choice = { convoy, bead: id("a"), choice: "retry" } as const;
  expect((await stage.do("convoy.decide", choice)).question).toBeNull();
  expect((await stage.offered("work", before)).spec.bead.id).toBe(id("a"));
  expect(await stage.codeOf("convoy.decide", choice)).toBe("illegal_transition");
  expect(stage.escalations()).toEqual([]);
});

test("[B6] drop takes a failed bead out: what waited for it goes on", async () => {
  const { convoy, id } = await failed();
  await stage.do("convoy.decide", { convoy, bead: id("a"), choice: "drop" });
  const { beads, convoy: after } = await shown(convoy);
  expect(beads.map(({ title }) => title)).toEqual(["b", "c", "d"]);
  expect(after).toMatchObject({ state: "active", question: null });
  expect(await stage.issue(id("a"))).toMatchObject({ outcome: "cancelled", convoyId: null });
  await stage.until(() => works()[2]);
});

test("[B6] landing without a failed bead leaves out what waits for it; with nothing left the convoy fails", async () => {
  const { convoy, id } = await failed();
  await stage.do("convoy.decide", { convoy, bead: id("a"), choice: "land_without" });
  const after = await shown(convoy);
  expect([after.beads, after.convoy.state]).toEqual([[], "failed"]);
  expect(after.convoy.failure?.message).toContain("no bead is left");
  for (const name of ["a", "b", "c", "d"])
    expect((await stage.issue(id(name))).outcome).toBe("cancelled");
});

test("[B7] [SC-CONVOY-9] a cancelled convoy stops its runs and says what has not landed", async () => {
  const { convoy, id } = await sling(false);
  const work = await stage.offered("work");
  const cancelled = await stage.do("convoy.cancel", { convoy, reason: "not needed" });
  expect(cancelled.state).toBe("cancelled");
  expect((await stage.issue(id("a"))).closing?.waitsFor).toBe("run");
  await stage.until(() => stage.port.stops[0]);
  await runner.tell(work.spec, exit("crashed"));
  const after = await shown(convoy);
  expect(after.beads.map(({ outcome }) => outcome)).toEqual(Array(4).fill("cancelled"));
  expect(after.notLanded).toHaveLength(4);
  expect(await stage.codeOf("convoy.cancel", { convoy })).toBe("illegal_transition");
  expect(await stage.codeOf("convoy.add", { convoy, title: "x" })).toBe("illegal_transition");
  await stage.do("bead.reopen", { bead: id("a") });
  expect((await shown(convoy)).convoy.state).toBe("active");
});

test("[B11] archived convoys are hidden with what is closed", async () => {
  const { convoy } = await sling(true);
  await stage.do("convoy.cancel", { convoy });
  const { archived } = await stage.do("bead.archive", {});
  expect(archived).toHaveLength(5);
  expect(await stage.do("convoy.list", {})).toEqual([]);
});

let merges = 0;
/** Plays all that is offered next for a bead up to its landing on `ref`; answers where it landed. */
async function land(work: { spec: { runId: string } }, ref: string, tip?: string) {
  const begun = stage.port.offers.find(({ spec }) => spec.runId === work.spec.runId);
  if (begun) await runner.end(begun, workDone);
  const bead = begun?.spec.kind === "work" ? begun.spec.bead.id : "";
  return landReviewed(bead, ref, true, tip);
}
const offerOf = <K extends "check" | "review" | "merge">(kind: K, bead: string) =>
  stage.until(() =>
    stage.port.offers.findLast(
      ({ spec }) => spec.kind === kind && "bead" in spec && spec.bead.id === bead,
    ),
  );
/** @param tip what `ref` holds then: its merge, when it is not said */
async function landReviewed(bead: string, ref: string, reviewed = true, tip?: string) {
  const green = { headOid: HEAD, green: true, gates: [], conflicts: [], reason: null };
  const check = await offerOf("check", bead);
  const headOid = check.spec.kind === "check" ? check.spec.headOid : HEAD;
  await runner.end(check, { kind: "checked", ...green, headOid });
  if (reviewed) {
    const verdict = { verdict: "approve" as const, summary: "fine", comments: [] };
    await runner.end(await offerOf("review", bead), { kind: "verdict", headOid, ...verdict });
  }
  const merge = await offerOf("merge", bead);
  const mergeOid = `${++merges}`.padStart(40, "e");
  const oids = { sourceOid: headOid, mergeOid, targetOid: tip ?? mergeOid };
  const proof = { method: "merge", ref, ...oids } as const;
  await runner.end(merge, { kind: "landed", headOid, proof, hint: null });
  return { merge, mergeOid };
}

test("[B6] [SC-CONVOY-4] with review-then-land beads land on the convoy's branch, in a lane of its own, then all at once", async () => {
  const tasks = [task("a"), task("b", "a")];
  const { convoy, beads } = await stage.do("convoy.sling", {
    ...{ rig, title: "All of it", tasks, delivery: "branch", mode: "review-then-land" },
  });
  const [a, b] = beads.map(({ id }) => id);
  const branch = convoy.branch ?? "";
  expect(branch).toBe(`gastown/convoy/all-of-it-${convoy.id.slice(-6)}`);
  const first = await stage.offered("work");
  expect(first.spec.rig).toMatchObject({
    target: "main",
    delivery: "branch",
    convoyBranch: branch,
  });
  const { merge, mergeOid } = await land(first, `refs/heads/${branch}`);
  expect(merge.spec.resource).toBe(`lane:${rig}:${branch}`);
  const second = await stage.offered("work", stage.port.offers.length - 1);
  expect(second.spec).toMatchObject({ bead: { id: b }, contains: [mergeOid] });
  const { mergeOid: tip } = await land(second, `refs/heads/${branch}`);
  const landing = await stage.until(async () =>
    (await shown(convoy.id)).beads.find((bead) => bead.landing),
  );
  expect((await shown(convoy.id)).convoy).toMatchObject({ state: "landing", status: "in_review" });
  expect((await shown(convoy.id)).progress).toEqual({ total: 2, landed: 2, failed: 0 });
  expect(landing).toMatchObject({ status: "in_review", headOid: tip });
  expect(await stage.codeOf("convoy.add", { convoy: convoy.id, title: "late" })).toBe(
    "illegal_transition",
  );
  const target = "refs/heads/gastown/landed/main";
  const end = await landReviewed(landing.id, target, false);
  expect(end.merge.spec).toMatchObject({
    resource: `lane:${rig}:main`,
    headOid: tip,
    branch,
    rig: { convoyBranch: null },
  });
  const after = await shown(convoy.id);
  expect([after.convoy.state, after.notLanded]).toEqual(["landed", []]);
  for (const id of [a ?? "", b ?? ""])
    expect(await stage.issue(id)).toMatchObject({ landedOn: target, landedOid: end.mergeOid });
  expect(stage.port.offers.filter(({ spec }) => spec.kind === "review")).toHaveLength(2);
});

test("[B6] a clock that is set back between two landings changes neither their order nor what is carried to the target", async () => {
  const { convoy, beads } = await stage.do("convoy.sling", {
    ...{ rig, title: "Set back", tasks: [task("a"), task("b", "a")], mode: "review-then-land" },
  });
  const ref = `refs/heads/${convoy.branch}`;
  await land(await stage.offered("work"), ref);
  stage.clock.setMs = -3_600_000;
  const second = await stage.offered("work", stage.port.offers.length - 1);
  const { mergeOid: tip } = await land(second, ref);
  const landing = await stage.until(async () =>
    (await shown(convoy.id)).beads.find((bead) => bead.landing),
  );
  expect(landing.headOid).toBe(tip);
  const { mergeOid } = await landReviewed(landing.id, "refs/heads/gastown/landed/main", false);
  const after = await shown(convoy.id);
  expect([after.convoy.state, after.beads.length, after.notLanded]).toEqual(["landed", 3, []]);
  for (const { id } of beads) expect((await stage.issue(id)).landedOid).toBe(mergeOid);
});

test("[B6] [convoy/begin-landing] a merge that is found out later than the next one takes nothing of the branch back", async () => {
  const { convoy } = await stage.do("convoy.sling", {
    ...{ rig, title: "Late", tasks: [task("a"), task("b")], parallel: true },
    mode: "review-then-land",
  });
  const ref = `refs/heads/${convoy.branch}`;
  const [first, second] = await stage.until(() => (works()[1] ? works() : undefined));
  const { mergeOid: tip } = await land(first as Offer, ref);
  await land(second as Offer, ref, tip);
  const landing = await stage.until(async () =>
    (await shown(convoy.id)).beads.find((bead) => bead.landing),
  );
  expect(landing.headOid).toBe(tip);
});

test("[B6] [SC-CONVOY-12] a landing that conflicts goes to a polecat, from the branch's tip, and then to the refinery", async () => {
  const { convoy } = await stage.do("convoy.sling", {
    ...{ rig, title: "One", tasks: [task("a")], mode: "review-then-land" },
  });
  const { mergeOid } = await land(await stage.offered("work"), `refs/heads/${convoy.branch}`);
  const landing = await stage.until(async () =>
    (await shown(convoy.id)).beads.find((bead) => bead.landing),
  );
  const told = { headOid: mergeOid, green: false, gates: [], conflicts: ["a.ts"], reason: null };
  const before = stage.port.offers.length;
  await runner.end(await offerOf("check", landing.id), { kind: "checked", ...told });
  const work = await stage.offered("work", before);
  expect(work.spec).toMatchObject({
    bead: { id: landing.id, round: 2 },
    savedWork: { oid: mergeOid },
    rig: { convoyBranch: null },
  });
  await land(work, "refs/heads/gastown/landed/main");
  expect((await shown(convoy.id)).convoy.state).toBe("landed");
});

test("[B6] a cancelled convoy keeps its branch, says what is not on the target, and asks", async () => {
  const { convoy, beads } = await stage.do("convoy.sling", {
    ...{ rig, title: "All", tasks: [task("a"), task("b", "a")], mode: "review-then-land" },
  });
  await land(await stage.offered("work"), `refs/heads/${convoy.branch}`);
  await stage.do("convoy.cancel", { convoy: convoy.id });
  const after = await shown(convoy.id);
  expect(after.notLanded).toEqual(beads.map(({ id }) => id));
  expect(stage.escalations()).toEqual(["Not landed: All"]);
});

test("[B4] a bead of a convoy with its own branch waits for beads of that convoy only", async () => {
  const { beads } = await stage.do("convoy.sling", {
    ...{ rig, title: "All", tasks: [task("a"), task("b", "a")], staged: true },
    mode: "review-then-land",
  });
  const outside = await stage.do("bead.sling", { rig, title: "Outside", held: true });
  const edge = { bead: beads[0]?.id ?? "", on: outside.id };
  expect(await stage.codeOf("bead.depend", edge)).toBe("illegal_transition");
  await stage.do("bead.depend", { bead: outside.id, on: beads[0]?.id ?? "" });
});
