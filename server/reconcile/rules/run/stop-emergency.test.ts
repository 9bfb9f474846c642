import { expect, test } from "bun:test";
import type { RunKind } from "../../../../protocol/index.ts";
import {
  actionsOf,
  issue,
  NOW,
  run,
  snapshot,
  stepsOf,
  turn,
} from "../../../../tests/support/snapshot.ts";
import type { PauseView } from "../../snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const RULE = "run/stop-emergency";
const held = (kind: PauseView["kind"]) =>
  new Map([["town", { kind, by: "person:owner", at: NOW }]]);
const live = (kind: RunKind) =>
  run({ kind, beadId: kind === "work" ? "bd_1" : null, resource: `x:${kind}` });
const stopped = (kind: PauseView["kind"], runKind: RunKind) => {
  const issues = [issue({ state: "in_progress" })];
  const plan = reconcile(snapshot({ runs: [live(runKind)], issues, pauses: held(kind) }));
  return actionsOf(stepsOf(plan, RULE), "order_stop");
};

test.each(["work", "review", "session"] as const)(
  "[run/stop-emergency] [F9] a stop of the town ends a %s run as a person's, a pause does not",
  (kind) => {
    expect(stopped("stop", kind)).toMatchObject([{ by: "stopped_by_person" }]);
    expect(stopped("pause", kind)).toEqual([]);
  },
);

test("[run/stop-emergency] what spends nothing settles by itself", () => {
  for (const kind of ["merge", "check", "baseline"] as const)
    expect(stopped("stop", kind)).toEqual([]);
});

test("[run/stop-emergency] [F9] nothing is dispatched while the town is stopped, not even a turn", () => {
  const change = { issues: [issue()], turns: [turn()] };
  const offers = (kind: PauseView["kind"]) =>
    actionsOf(reconcile(snapshot({ ...change, pauses: held(kind) })).steps, "offer");
  expect(offers("stop")).toEqual([]);
  expect(offers("pause").map(({ request }) => request.kind)).toEqual(["session"]);
});
