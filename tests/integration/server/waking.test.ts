import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Offer } from "../../../protocol/index.ts";
import { exit, openStage, PlayedRunner, type Stage } from "./stage.ts";

let stage: Stage;
let runner: PlayedRunner;
beforeEach(async () => {
  stage = await openStage();
  runner = new PlayedRunner(stage);
  await runner.hello();
  await stage.readyRig(runner);
});
afterEach(() => stage[Symbol.asyncDispose]());

const sessions = (): Offer[] => stage.port.offers.filter(({ spec }) => spec.kind === "session");

async function woken(): Promise<Offer> {
  expect(await stage.do("mayor.wake", {})).toEqual({ isUp: false });
  return stage.offered("session");
}

test("[C10] whoever comes to speak has the Mayor up, without a turn; what he says goes to that run", async () => {
  const offer = await woken();
  expect(offer.spec).toMatchObject({ turns: [], transcript: [], snapshot: null });
  await runner.tell(offer.spec, { kind: "phase", phase: "waiting" });
  const { turnId } = await stage.do("mayor.say", { text: "Sort the list" });
  const handed = await stage.until(() => stage.port.turns[0]);
  expect(handed).toMatchObject({ runId: offer.spec.runId, turn: { turnId } });
  expect(sessions()).toHaveLength(1);
});

test("[C10] a Mayor who is up is not started again, and whose start failed is not tried again by itself", async () => {
  const offer = await woken();
  expect(await stage.do("mayor.wake", {})).toEqual({ isUp: true });
  await runner.tell(offer.spec, exit("rejected", "unsupported"));
  await stage.pass(120_000);
  await runner.hello({ incarnation: 2 });
  await stage.tick();
  expect(sessions()).toHaveLength(1);
  expect(stage.escalations()).toEqual([]);
  expect(await stage.do("mayor.wake", {})).toEqual({ isUp: false });
  await stage.until(() => sessions()[1]);
});

test("[C10] a wish that nobody could meet is forgotten after a minute", async () => {
  stage.core.runnerGone(runner.id, runner.connection);
  expect(await stage.do("mayor.wake", {})).toEqual({ isUp: false });
  await stage.pass(61_000);
  await runner.hello({ incarnation: 2 });
  await stage.tick();
  await stage.do("bead.sling", { rig: "sample", title: "Sort" });
  await stage.offered("work");
  expect(sessions()).toEqual([]);
});

test("[C10] a wish is met by the runner that comes within the minute", async () => {
  stage.core.runnerGone(runner.id, runner.connection);
  await stage.do("mayor.wake", {});
  await stage.do("mayor.wake", {});
  await stage.pass(30_000);
  await runner.hello({ incarnation: 2 });
  await stage.offered("session");
  await stage.tick();
  expect(sessions()).toHaveLength(1);
});

test("[C10] nobody is woken while the town is stopped; in a paused town the Mayor gets up", async () => {
  await stage.do("town.stop", {});
  const refused = await stage.call("mayor.wake", {});
  expect(refused).toMatchObject({ ok: false, error: { code: "illegal_transition" } });
  await stage.do("town.resume", {});
  await stage.tick();
  expect(sessions()).toEqual([]);
  await stage.do("town.pause", {});
  await woken();
});

test("[C10] one who was woken and not spoken to leaves by himself: nobody is asked, and nothing is left to do", async () => {
  const offer = await woken();
  await runner.tell(offer.spec, { kind: "started" });
  await runner.tell(offer.spec, exit("done", "idle"));
  await stage.pass(600_000);
  await stage.tick();
  expect(sessions()).toHaveLength(1);
  expect(stage.escalations()).toEqual([]);
});
