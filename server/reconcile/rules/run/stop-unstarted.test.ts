import { expect, test } from "bun:test";
import { countsAs } from "../../../model/outcomes.ts";
import { POLICY } from "../../../model/policy.ts";
import { actionsOf, stepsOf } from "../../../../tests/support/snapshot.ts";
import { decideStill, stillRun } from "../../../../tests/support/still.ts";

const stops = (stillMs: number, state: "offered" | "accepted" | "preparing") =>
  actionsOf(
    stepsOf(decideStill(stillRun(stillMs, { state, phase: "fetching" })), "run/stop-unstarted"),
    "order_stop",
  );

test("[run/stop-unstarted] [C12] a slow start has its time in each phase; then it is a failure to start", () => {
  const { startStillMs } = POLICY;
  expect(stops(startStillMs - 1, "preparing")).toEqual([]);
  const [stop] = stops(startStillMs, "preparing");
  expect(stop?.reason).toContain("“fetching”");
  expect(countsAs("stopped_by_town", false, stop?.code ?? null)).toBe("start_failure");
  expect(stops(startStillMs, "accepted")).toHaveLength(1);
});

test("[run/stop-unstarted] an offer that is not answered is the runner's matter", () => {
  expect(stops(POLICY.startStillMs, "offered")).toEqual([]);
});
