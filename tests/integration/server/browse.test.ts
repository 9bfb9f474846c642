// Looking into a rig's repository: people's question and the Mayor's tool, passed to a runner by the town.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { ok, refuse, type Browsed } from "../../../protocol/index.ts";
import { openStage, PlayedRunner, type Stage } from "./stage.ts";

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

const file: Browsed = {
  ...{ kind: "file", ref: "main", oid: "a".repeat(40), path: "README.md" },
  ...{ bytes: 40_000, isBinary: false, text: "# Sample", next: 16_000 },
};

test("[C18] a question goes to a connected runner with the rig, and its answer is the answer", async () => {
  stage.port.answerBrowse = () => ok(file);
  expect(await stage.do("rig.browse", { rig: "sample", path: "README.md" })).toEqual(file);
  expect(stage.port.looks).toMatchObject([
    { rig: { id: rig, remote: "/nowhere/sample" }, wish: { path: "README.md", ref: null } },
  ]);
  expect(await stage.codeOf("rig.browse", { rig: "nobody" })).toBe("not_found");
});

test("[C18] the Mayor reads with his tool: what was cut says how to go on, a refusal says what to do next", async () => {
  await stage.do("mayor.say", { text: "What is in the README?" });
  const { spec } = await stage.offered("session");
  const [turn] = spec.turns;
  await runner.tell(
    spec,
    { kind: "started" },
    { kind: "turn_started", turnId: turn?.turnId ?? "" },
  );
  const call = (arguments_: object) =>
    stage.core.tool(runner.id, {
      ...{ connection: runner.connection, runId: spec.runId, fence: spec.fence },
      ...{ turnId: turn?.turnId ?? null, tool: "gt_rig_browse", key: "k".repeat(16) },
      arguments: arguments_,
    });
  stage.port.answerBrowse = () => ok(file);
  expect(await call({ rig, path: "README.md" })).toEqual({
    ok: true,
    value: {
      isError: false,
      text: `README.md at main (${"a".repeat(12)}), 40000 bytes\n# Sample\n[cut: call again with offset 16000]`,
    },
  });
  stage.port.answerBrowse = () => refuse("not_found", "There is no branch x. Name one.");
  expect(await call({ rig, ref: "x", log: true })).toMatchObject({
    value: { isError: true, text: "not_found: There is no branch x. Name one." },
  });
  expect(stage.port.looks.at(-1)?.wish).toMatchObject({ ref: "x", commits: 50 });
  expect(await call({ rig, path: 3 })).toMatchObject({ value: { isError: true } });
});

test("[C18] an agent that is not the Mayor may not look", async () => {
  const { id } = await stage.do("bead.sling", { rig, title: "Sort" });
  const { spec } = await stage.offered("work");
  expect(spec.bead.id).toBe(id);
  const answer = await stage.core.tool(runner.id, {
    ...{ connection: runner.connection, runId: spec.runId, fence: spec.fence, turnId: null },
    ...{ tool: "gt_rig_browse", key: "k".repeat(16), arguments: { rig } },
  });
  expect(answer).toMatchObject({ ok: false, error: { code: "forbidden" } });
  expect(stage.port.looks).toEqual([]);
});
