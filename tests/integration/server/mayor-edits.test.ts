// The Mayor's tools that change beads: the same rules as for people, and less in turns that no person began.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { openStage, PlayedRunner, type Stage } from "./stage.ts";

let stage: Stage;
let runner: PlayedRunner;
let calls = 0;
beforeEach(async () => {
  stage = await openStage();
  runner = new PlayedRunner(stage);
  await runner.hello();
  await stage.readyRig(runner);
  const { turnId } = await stage.do("mayor.say", { text: "Sort the list" });
  const { spec } = await stage.offered("session");
  turn = { turnId, runId: spec.runId, fence: spec.fence };
});
afterEach(() => stage[Symbol.asyncDispose]());

let turn: { turnId: string; runId: string; fence: { epoch: number; n: number } };
async function tool(name: string, args: unknown, key = `hash-of-call-${++calls}`) {
  const { connection } = runner;
  const ack = await stage.core.tool(runner.id, {
    connection,
    ...turn,
    tool: name,
    arguments: args,
    key,
  });
  if (!ack.ok) throw new Error(ack.error.code);
  return ack.value;
}
const one = async () => {
  const [bead] = await stage.do("bead.list", {});
  if (!bead) throw new Error("no bead");
  return bead;
};
const sling = { rig: "sample", title: "Sort", body: "the list" };

test("[B7] the Mayor edits, holds, releases, comments, archives and deletes as people do", async () => {
  await tool("gt_sling", { ...sling, held: true });
  const { id } = await one();
  expect((await one()).held).toBe(true);
  const edited = await tool("gt_edit_bead", { bead: id, title: "Sort well", priority: "high" });
  expect([edited.isError, await one()]).toMatchObject([
    false,
    { title: "Sort well", priority: "high" },
  ]);
  await tool("gt_comment", { bead: id, text: "as asked" });
  await tool("gt_act", { bead: id, action: "release" });
  expect((await one()).held).toBe(false);
  await stage.offered("work");
  const cancelled = await tool("gt_act", { bead: id, action: "cancel", reason: "not needed" });
  expect(cancelled.text).toContain('"waitsFor": "run"');
  const { events } = await stage.bead(id);
  expect(events.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(["edited", "comment", "released", "closing"]),
  );
});

test("[B7] a comment of a turn that is run again is written once", async () => {
  await tool("gt_sling", { ...sling, held: true });
  const { id } = await one();
  for (let run = 0; run < 2; run++) await tool("gt_comment", { bead: id, text: "x" }, "hash-of-it");
  const { events } = await stage.bead(id);
  expect(events.filter(({ kind }) => kind === "comment")).toHaveLength(1);
});

test("[B4] the Mayor sets what a bead waits for; a circle is refused with its sentence", async () => {
  await tool("gt_sling", { ...sling, held: true });
  const first = await one();
  await tool("gt_sling", { ...sling, title: "List", held: true });
  const second = await one();
  await tool("gt_edit_bead", { bead: second.id, depends_on: [first.id] });
  expect((await one()).blockedBy).toEqual([first.id]);
  const circle = await tool("gt_edit_bead", { bead: first.id, depends_on: [second.id] });
  expect(circle).toMatchObject({
    isError: true,
    text: expect.stringContaining("cyclic_dependency"),
  });
  const both = await tool("gt_edit_bead", { bead: first.id, title: "x", depends_on: [] });
  expect(both.isError).toBe(true);
});

test("[B10] what a turn creates that no person began is held, and such a turn starts nothing", async () => {
  const db = new Database(stage.databaseFile);
  db.run("update turns set begun_by = 'foreign'");
  db.close();
  const made = await tool("gt_sling", sling);
  expect(made.text).toContain("It is held");
  const bead = await one();
  expect(bead.held).toBe(true);
  for (const [name, args] of [
    ["gt_act", { bead: bead.id, action: "release" }],
    ["gt_act", { bead: bead.id, action: "delete" }],
    ["gt_edit_bead", { bead: bead.id, title: "x" }],
    ["gt_reset_agent", { agent: bead.id }],
  ] as const) {
    const answer = await tool(name, args);
    expect([name, answer.isError, answer.text]).toEqual([
      name,
      true,
      expect.stringContaining("forbidden"),
    ]);
  }
  expect(await one()).toMatchObject({ held: true, title: "Sort" });
  expect((await tool("gt_act", { bead: bead.id, action: "hold" })).isError).toBe(false);
});

test("[B18] the Mayor cannot set acceptance checks", async () => {
  await tool("gt_sling", { ...sling, held: true });
  const { id } = await one();
  const checks = [{ name: "accept", command: "true" }];
  for (const [name, args] of [
    ["gt_edit_bead", { bead: id, checks }],
    ["gt_sling", { ...sling, checks }],
  ] as const)
    expect((await tool(name, args)).isError).toBe(true);
  expect((await one()).checks).toEqual([]);
});

const steps = ["a", "b"].map((key) => ({ key, title: `${key} {{what}}` }));
const twoSteps = { name: "two", parameters: [{ name: "what" }], steps };
const pouring = { rig: "sample", formula: "two", parameters: { what: "x" } };
const poured = () => stage.do("molecule.list", {});

test("[B12] the Mayor pours what people have stored, once in a turn, and decides about its steps", async () => {
  await stage.do("formula.put", { formula: twoSteps });
  expect((await tool("gt_formulas", { rig: "sample" })).text).toContain('"two"');
  for (let run = 0; run < 2; run++) await tool("gt_pour", pouring, "hash-of-it");
  const [molecule, ...others] = await poured();
  expect([molecule?.state, others]).toEqual(["active", []]);
  expect((await tool("gt_pour", { ...pouring, parameters: {} })).text).toContain(
    "needs the parameter",
  );
  const id = molecule?.id ?? "";
  await stage.do("bead.cancel", { bead: molecule?.steps[1]?.beadId ?? "" });
  expect((await tool("gt_molecule", { molecule: id, action: "skip", step: "b" })).isError).toBe(
    false,
  );
  expect((await poured())[0]?.steps[1]?.skipped).toBe(true);
  const again = await tool("gt_molecule", { molecule: id, action: "start" });
  expect(again).toMatchObject({
    isError: true,
    text: expect.stringContaining("illegal_transition"),
  });
  await tool("gt_molecule", { molecule: id, action: "cancel", reason: "enough" });
  expect((await poured())[0]?.state).toBe("cancelled");
});

test("[B12] what a turn pours that no person began is staged, and such a turn starts no molecule", async () => {
  await stage.do("formula.put", { formula: twoSteps });
  const db = new Database(stage.databaseFile);
  db.run("update turns set begun_by = 'foreign'");
  db.close();
  await tool("gt_pour", { ...pouring, staged: false });
  const [molecule] = await poured();
  expect(molecule?.state).toBe("staged");
  for (const action of ["start", "cancel", "skip"]) {
    const refusedOne = await tool("gt_molecule", { molecule: molecule?.id, action, step: "a" });
    expect(refusedOne.text).toContain("forbidden");
  }
  expect((await tool("gt_molecule", { molecule: molecule?.id })).text).toContain("staged");
  expect((await poured())[0]?.state).toBe("staged");
});
