// Formulas as people store them, and molecules from pouring to their end, with a runner that the test plays.
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { CommandInput, FactBody, Molecule, RunSpec } from "../../../protocol/index.ts";
import { exit, HEAD, openStage, PlayedRunner, workDone, type Stage } from "./stage.ts";

let stage: Stage;
let runner: PlayedRunner;
let rig: string;
beforeEach(async () => {
  stage = await openStage({ workAttemptsMax: 1 });
  runner = new PlayedRunner(stage);
  await runner.hello();
  rig = await stage.readyRig(runner, { codeReview: false });
});
afterEach(() => stage[Symbol.asyncDispose]());

type FormulaInput = CommandInput<"formula.put">["formula"];
const checks = [{ name: "told", command: "grep -q 1 CHANGES" }];
const release: FormulaInput = {
  name: "release",
  title: "Release {{version}}",
  parameters: [{ name: "version" }],
  steps: [
    { key: "bump", title: "Bump to {{version}}" },
    { key: "log", title: "Write the log", body: "Of {{version}}.", checks },
    { key: "news", title: "Tell the news" },
  ],
};
const put = (change: Partial<FormulaInput> = {}, more: object = {}) =>
  stage.do("formula.put", { formula: { ...release, ...change }, ...more });
const version = { parameters: { version: "1.2.3" } };
async function pour(more: Partial<CommandInput<"molecule.pour">> = {}): Promise<Molecule> {
  await put();
  return stage.do("molecule.pour", { formula: "release", rig, ...version, ...more });
}
const shown = async (molecule: string) => (await stage.do("molecule.get", { molecule })).molecule;
const works = () => stage.port.offers.filter(({ spec }) => spec.kind === "work");
const stepId = (molecule: Molecule, n: number) => molecule.steps[n - 1]?.beadId ?? "";

const MERGED = "c".repeat(40);
const ended: Partial<Record<RunSpec["kind"], FactBody>> = {
  work: workDone,
  check: { kind: "checked", headOid: HEAD, green: true, gates: [], conflicts: [], reason: null },
  merge: {
    kind: "landed",
    headOid: HEAD,
    hint: null,
    proof: {
      method: "merge",
      ref: "gastown/landed/main",
      sourceOid: HEAD,
      mergeOid: MERGED,
      targetOid: MERGED,
    },
  },
};
/** Plays the runs of the bead that is offered next, until it has landed. @returns how many offers are answered */
async function landNext(answered: number): Promise<number> {
  let after = answered;
  for (const kind of ["work", "check", "merge"] as const) {
    const offer = await stage.offered(kind, after);
    after = stage.port.offers.indexOf(offer) + 1;
    const fact = ended[kind];
    if (fact) await runner.end(offer, fact);
  }
  return after;
}

test("[B12] a poured formula is a bead per step, chained, each with its checks and its place", async () => {
  const molecule = await pour();
  expect(molecule).toMatchObject({
    title: "Release 1.2.3",
    state: "active",
    status: "in_progress",
    current: 1,
    formula: { name: "release", version: 1 },
  });
  expect(molecule.steps.map(({ n, key, title }) => [n, key, title])).toEqual([
    [1, "bump", "Bump to 1.2.3"],
    [2, "log", "Write the log"],
    [3, "news", "Tell the news"],
  ]);
  const second = await stage.issue(stepId(molecule, 2));
  expect(second).toMatchObject({
    type: "issue",
    rigId: rig,
    parentId: molecule.id,
    body: "Of 1.2.3.",
    blockedBy: [stepId(molecule, 1)],
    checks: [{ name: "told" }],
  });
  const { spec } = await stage.offered("work");
  expect(spec.bead.molecule).toEqual({ title: "Release 1.2.3", step: 1, of: 3 });
  expect(works()).toHaveLength(1);
  const { parameters } = await stage.do("molecule.get", { molecule: molecule.id });
  expect(parameters).toEqual({ version: "1.2.3" });
  expect(await stage.do("molecule.list", { rig })).toHaveLength(1);
});

test("[B12] each step that lands makes the next one the current one, until the molecule is done", async () => {
  const { id } = await pour();
  let answered = 0;
  for (const current of [2, 3, null]) {
    answered = await landNext(answered);
    expect((await shown(id)).current).toBe(current);
  }
  const done = await shown(id);
  expect(done).toMatchObject({ state: "done", status: "closed", failure: null });
  expect(done.steps.map(({ outcome }) => outcome)).toEqual(Array(3).fill("landed"));
  const { events } = await stage.bead(id);
  expect(events.map(({ kind, rule }) => rule ?? kind)).toEqual([
    "created",
    "molecule/advance",
    "molecule/advance",
    "molecule/finish",
  ]);
});

/** A molecule whose first step has failed. */
async function failed(): Promise<Molecule> {
  const { id } = await pour();
  await runner.tell((await stage.offered("work")).spec, exit("no_result"));
  const molecule = await shown(id);
  expect(molecule).toMatchObject({ state: "asking", status: "in_review", current: 1 });
  expect(molecule.question).toEqual({
    beads: [stepId(molecule, 1)],
    choices: ["retry", "skip"],
  });
  expect(stage.escalations()).toEqual(["Failed: Bump to 1.2.3"]);
  return molecule;
}

test("[B12] a failed step asks; retry opens it again on a new branch", async () => {
  const { id } = await failed();
  const before = stage.port.offers.length;
  const choice = { molecule: id, step: "bump", choice: "retry" } as const;
  await stage.do("molecule.decide", choice);
  expect((await stage.offered("work", before)).spec.bead).toMatchObject({ cycle: 2 });
  expect(await shown(id)).toMatchObject({ state: "active", question: null });
  expect(await stage.codeOf("molecule.decide", choice)).toBe("illegal_transition");
  expect(stage.escalations()).toEqual([]);
});

test("[B12] a skipped step is none that is missing: the next one begins and the molecule can be done", async () => {
  const { id } = await failed();
  const before = stage.port.offers.length;
  const choice = { molecule: id, step: "bump", choice: "skip" } as const;
  await stage.do("molecule.decide", choice);
  expect((await stage.offered("work", before)).spec.bead.molecule?.step).toBe(2);
  const going = await shown(id);
  expect(going).toMatchObject({ state: "active", current: 2 });
  expect(going.steps[0]).toMatchObject({ skipped: true, outcome: "cancelled" });
  expect(await stage.codeOf("molecule.decide", choice)).toBe("illegal_transition");
  for (const step of going.steps.slice(1))
    await stage.do("bead.close", { bead: step.beadId, outcome: "nothing_to_do" });
  expect((await shown(id)).state).toBe("done");
});

test("[B12] a step that a person cancels is missing at the end; reopening it takes the molecule up again", async () => {
  const molecule = await pour({ staged: true });
  const { id } = molecule;
  for (const n of [1, 2]) await stage.do("bead.cancel", { bead: stepId(molecule, n) });
  await stage.do("molecule.start", { molecule: id });
  expect(await shown(id)).toMatchObject({ state: "active", current: 3 });
  await stage.do("bead.close", { bead: stepId(molecule, 3), outcome: "answered" });
  const lost = await shown(id);
  expect(lost).toMatchObject({ state: "failed", status: "failed", current: null });
  expect(lost.failure?.message).toContain("2 of 3 steps were cancelled");
  await stage.do("bead.reopen", { bead: stepId(molecule, 2) });
  expect(await shown(id)).toMatchObject({ state: "active", current: 2, failure: null });
});

test("[B12] of a staged molecule nothing is dispatched before its start", async () => {
  const { id } = await pour({ staged: true });
  const molecule = await shown(id);
  expect((await stage.issue(stepId(molecule, 1))).wait?.text).toContain("molecule is staged");
  expect(works()).toEqual([]);
  await stage.do("molecule.start", { molecule: id, version: molecule.version });
  await stage.offered("work");
  expect(await stage.codeOf("molecule.start", { molecule: id })).toBe("illegal_transition");
});

test("[B12] cancelling stops the run of its step with the work saved and closes the others", async () => {
  const { id } = await pour();
  const work = await stage.offered("work");
  const { state } = await stage.do("molecule.cancel", { molecule: id, reason: "not now" });
  expect(state).toBe("cancelled");
  await stage.until(() => stage.port.stops[0]);
  await runner.tell(work.spec, exit("crashed"));
  const after = await shown(id);
  expect(after.steps.map(({ outcome }) => outcome)).toEqual(Array(3).fill("cancelled"));
  expect(after).toMatchObject({ state: "cancelled", status: "closed", question: null });
  expect(await stage.codeOf("molecule.cancel", { molecule: id })).toBe("illegal_transition");
  const choice = { molecule: id, step: "bump", choice: "skip" };
  expect(await stage.codeOf("molecule.decide", choice)).toBe("illegal_transition");
});

test("[B12] a rig's formula hides the town's, and a new version leaves what was poured alone", async () => {
  const molecule = await pour({ staged: true });
  const own = [{ key: "only", title: "Only {{version}}" }];
  expect(await put({ steps: own }, { rig })).toMatchObject({ rigId: rig, version: 1 });
  expect(await put({ description: "Again" }, { version: 1 })).toMatchObject({
    rigId: null,
    version: 2,
  });
  expect(await stage.do("formula.list", {})).toMatchObject([{ rigId: null, steps: 3 }]);
  expect(await stage.do("formula.list", { rig })).toMatchObject([{ rigId: rig, steps: 1 }]);
  expect((await stage.do("formula.show", { formula: "release", rig })).steps).toHaveLength(1);
  expect((await pour()).steps).toHaveLength(1);
  await stage.do("formula.delete", { formula: "release", rig });
  expect((await pour({ staged: true })).formula.version).toBe(4);
  expect((await shown(molecule.id)).steps).toHaveLength(3);
});

test("[B12] references, versions and names of formulas are looked at before anything is written", async () => {
  const molecule = await pour({ staged: true });
  const table: [string, object, string][] = [
    ["formula.put", { formula: release, version: 0 }, "stale_version"],
    ["formula.put", { formula: { ...release, name: "new" }, version: 1 }, "stale_version"],
    ["bead.close", { bead: molecule.id, outcome: "answered" }, "not_found"],
    ["bead.depend", { bead: stepId(molecule, 1), on: stepId(molecule, 3) }, "cyclic_dependency"],
  ];
  for (const [name, body, code] of table)
    expect([name, await stage.codeOf(name, body)]).toEqual([name, code]);
  expect(await shown(molecule.id)).toEqual(molecule);
  expect(await stage.do("formula.list", {})).toHaveLength(1);
});

test("[B12] a pour is applied once by its key; another under that key is refused", async () => {
  await put();
  const body = { formula: "release", rig, ...version, staged: true };
  const first = await stage.call("molecule.pour", body, "pour-the-release");
  const again = await stage.call("molecule.pour", body, "pour-the-release");
  expect(again).toEqual(first);
  expect(await stage.do("molecule.list", {})).toHaveLength(1);
  const other = { ...body, parameters: { version: "2" } };
  expect(await stage.codeOf("molecule.pour", other, "pour-the-release")).toBe(
    "idempotency_conflict",
  );
});

test("[B12] a molecule outlives a restart, and who follows a step sees it move", async () => {
  const molecule = await pour();
  const seen = () => {
    const topic = stage.core.topic(`bead:${stepId(molecule, 2)}`);
    const items = topic.ok ? topic.value.items : [];
    return items.flatMap((item) => (item.kind === "molecule" && item.value ? [item.value] : []));
  };
  expect(seen()).toMatchObject([{ id: molecule.id, current: 1 }]);
  await stage.do("bead.update", { bead: stepId(molecule, 1), set: { title: "Bump it" } });
  expect(seen()[0]?.steps[0]?.title).toBe("Bump it");
  await stage.restart();
  expect(seen()).toMatchObject([{ id: molecule.id, state: "active" }]);
  expect((await stage.do("reconcile.preview", {})).steps).toEqual([]);
});
