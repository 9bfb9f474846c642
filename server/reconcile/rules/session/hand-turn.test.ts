import { expect, test } from "bun:test";
import { actionsOf, run, snapshot, stepsOf, turn } from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const session = run({
  kind: "session",
  beadId: null,
  rigId: null,
  sessionId: "se_1",
  resource: "session:se_1",
  model: "m",
});
const handed = (change: Parameters<typeof snapshot>[0]) =>
  actionsOf(stepsOf(reconcile(snapshot(change)), "session/hand-turn"), "hand_turn");

test("[session/hand-turn] the oldest turn goes to the run that is up, one at a time", () => {
  const second = turn({ id: "tn_2", n: 2 });
  expect(handed({ runs: [session], turns: [turn(), second] })).toMatchObject([{ turnId: "tn_1" }]);
  const first = turn({ state: "running", runId: "rn_1" });
  expect(handed({ runs: [session], turns: [first, second] })).toEqual([]);
});

test("[session/hand-turn] a run that is not accepted yet, or is told to stop, gets none", () => {
  expect(handed({ runs: [{ ...session, state: "offered" }], turns: [turn()] })).toEqual([]);
  expect(handed({ runs: [{ ...session, stopOrderedAt: 1 }], turns: [turn()] })).toEqual([]);
});

test("[session/hand-turn] [C10] a run that began with another model is told to stop: the next one takes the turn", () => {
  const runs = [{ ...session, model: "the model before" }];
  const plan = reconcile(snapshot({ runs, turns: [turn()] }));
  const steps = stepsOf(plan, "session/hand-turn");
  expect(actionsOf(steps, "order_stop")).toMatchObject([{ runId: session.id }]);
  expect(actionsOf(steps, "hand_turn")).toEqual([]);
});

test("[session/hand-turn] without a run the turn is offered with a new one", () => {
  const plan = reconcile(snapshot({ turns: [turn()] }));
  expect(actionsOf(plan.steps, "hand_turn")).toEqual([]);
  expect(actionsOf(plan.steps, "offer")[0]?.request.kind).toBe("session");
});
