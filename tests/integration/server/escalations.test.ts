import { afterEach, beforeEach, expect, test } from "bun:test";
import { POLICY } from "../../../server/model/policy.ts";
import { exit, openStage, PlayedRunner, type Stage } from "./stage.ts";
import type { Escalation } from "../../../protocol/index.ts";

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

const open = () => stage.do("escalation.list", {});
const resolved = () => stage.do("escalation.list", { state: "resolved" });

/** A bead whose only attempt ended without a result. */
async function failedBead(): Promise<{ id: string; escalation: Escalation }> {
  const before = stage.port.offers.length;
  const bead = await stage.do("bead.sling", { rig, title: "Sort" });
  const offer = await stage.offered("work", before);
  await runner.tell(offer.spec, { kind: "started" }, { kind: "progress", what: "tool" });
  await runner.tell(offer.spec, exit("no_result"));
  const escalation = await stage.until(async () =>
    (await open()).find((each) => each.subjectId === bead.id),
  );
  return { id: bead.id, escalation };
}

async function later(ms: number): Promise<void> {
  await stage.pass(ms);
  await stage.tick();
}

test("[D16] [escalation/remind] [SC-AGENT-10] severity rises with each reminder, is capped, and goes on after a restart", async () => {
  const { escalation } = await failedBead();
  expect(escalation).toMatchObject({ severity: "high", state: "open", reminders: 0 });
  await later(POLICY.escalationRemindMs);
  expect((await open())[0]).toMatchObject({ severity: "critical", reminders: 1 });
  await stage.restart();
  await later(POLICY.escalationRemindMs);
  expect((await open())[0]).toMatchObject({ severity: "critical", reminders: 1 });
  await later(POLICY.escalationCalmMs);
  expect((await open())[0]).toMatchObject({ severity: "critical", reminders: 2, times: 1 });
});

test("[D16] an acknowledged one stays as severe as it is; a resolved one is never heard of again", async () => {
  const { id, escalation } = await failedBead();
  const seen = await stage.do("escalation.acknowledge", { escalation: escalation.id });
  expect(seen).toMatchObject({ state: "acknowledged", status: "in_progress" });
  await later(POLICY.escalationCalmMs);
  expect((await open())[0]).toMatchObject({ severity: "high", reminders: 1 });
  await stage.do("escalation.resolve", { escalation: escalation.id, note: "known" });
  await later(10 * POLICY.escalationCalmMs);
  expect(await open()).toEqual([]);
  expect(await resolved()).toMatchObject([
    { id: escalation.id, state: "resolved", reminders: 1, remindAt: null, resolution: "known" },
  ]);
  const kinds = (await stage.bead(id)).events.map(({ kind }) => kind);
  expect(kinds).toContain("escalated");
  expect(kinds).toContain("acknowledged");
  expect(kinds).toContain("escalation_resolved");
});

test("[D16] [escalation/resolve-over] what it was raised for is over: it resolves itself, and says why", async () => {
  const { id, escalation } = await failedBead();
  await stage.do("bead.reopen", { bead: id });
  expect(await open()).toEqual([]);
  const [over] = await resolved();
  expect(over).toMatchObject({ id: escalation.id, status: "closed" });
  expect(over?.resolution).toContain("is open");
  const history = (await stage.bead(escalation.id)).events;
  expect(history.at(-1)).toMatchObject({ kind: "resolved", rule: "escalation/resolve-over" });
});

test("[D16] [escalation/resolve-over] a bead that is taken up again goes on at once, though its escalation is resolved beside it", async () => {
  const { id } = await failedBead();
  await stage.do("bead.reopen", { bead: id });
  expect(await open()).toEqual([]);
  expect((await stage.issue(id)).status).toBe("in_progress");
});

test("[D16] a matter that is raised again while it is open is one escalation", async () => {
  const bead = await stage.do("bead.sling", { rig, title: "Sort" });
  const { spec } = await stage.offered("work");
  await runner.tell(spec, { kind: "started" });
  const call = (n: number, severity: string) =>
    stage.core.tool(runner.id, {
      connection: runner.connection,
      runId: spec.runId,
      fence: spec.fence,
      turnId: null,
      tool: "gt_escalate",
      arguments: { title: "No disk", body: `try ${n}`, severity },
      key: `escalate-key-of-try-${n}`,
    });
  await call(1, "low");
  await call(2, "high");
  await call(2, "high");
  expect(await open()).toMatchObject([
    { title: "No disk", body: "try 2", severity: "high", times: 2, subjectId: bead.id },
  ]);
  await stage.do("bead.close", { bead: bead.id, outcome: "cancelled" });
  expect(await open()).toEqual([]);
});

test("[D16] bad input is refused with its code", async () => {
  const { id, escalation } = await failedBead();
  const codes = async (name: string, bodies: unknown[]) =>
    Promise.all(bodies.map((body) => stage.codeOf(name, body)));
  const ref = escalation.id;
  for (const name of ["escalation.acknowledge", "escalation.resolve"]) {
    expect(
      await codes(name, [
        {},
        { escalation: 7 },
        { escalation: ref, sudo: true },
        { escalation: "es-zzzzzz" },
        { escalation: id },
        { escalation: ref, version: 99 },
      ]),
    ).toEqual([
      "invalid_body",
      "invalid_body",
      "invalid_body",
      "not_found",
      "not_found",
      "stale_version",
    ]);
  }
  expect(await codes("escalation.resolve", [{ escalation: ref, note: "x".repeat(2_001) }])).toEqual(
    ["invalid_body"],
  );
  expect(await codes("escalation.list", [{ state: "odd" }, { limit: 0 }])).toEqual([
    "invalid_body",
    "invalid_body",
  ]);
  await stage.do("escalation.acknowledge", { escalation: ref, version: escalation.version });
  expect(await codes("escalation.acknowledge", [{ escalation: ref }])).toEqual([
    "illegal_transition",
  ]);
  await stage.do("escalation.resolve", { escalation: ref });
  expect(await codes("escalation.resolve", [{ escalation: ref }])).toEqual(["illegal_transition"]);
  expect(await codes("escalation.acknowledge", [{ escalation: ref }])).toEqual([
    "illegal_transition",
  ]);
});
